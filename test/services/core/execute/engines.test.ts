import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ContainerCommand } from '../../../../services/core/execute/container-command.ts';
import { createContainerEngine } from '../../../../services/core/execute/container-engine.ts';
import { readHolds } from '../../../../services/core/execute/container-limits.ts';
import { createContainerMeter } from '../../../../services/core/execute/container-usage.ts';
import { createDummyEngine } from '../../../../services/core/execute/dummy-engine.ts';
import { createProcessEngine, type Engine, findTool } from '../../../../services/core/execute/index.ts';
import type { PlannedStep } from '../../../../services/core/pipeline/index.ts';
import { findContainers, testImage } from '../../../support/containers.ts';
import { createPrestartEngine } from '../../../support/prestart-engine.ts';
import { until } from '../../../support/until.ts';
import { createOutput, openWorkspace, toStep } from '../../../support/workspace.ts';

type TestWorkspace = Awaited<ReturnType<typeof openWorkspace>>;

interface Kind {
  name: string;
  open(workspace: TestWorkspace): Engine;
  /** By which steps reach a service. */
  host(service: string): string;
  /** Whether this machine counts what a step uses. */
  tellsCpu: boolean;
  tellsMemory: boolean;
  /** Why it cannot be tried here. */
  missing?: string;
}

const found = await findContainers();
const holds = 'missing' in found ? undefined : await readHolds(found.command);
const isCounted = !('missing' in found) && createContainerMeter() !== undefined && (await hasCgroup(found));
if (!('missing' in found) && !isCounted)
  process.stderr.write('not tried: what containers use, since they have no cgroup of their own here\n');
const graceMs = 500;
const kinds: Kind[] = [
  {
    name: 'process',
    open: (workspace) =>
      createProcessEngine({
        workspace,
        isolation: { kind: 'none', reason: 'a test' },
        path: process.env.PATH ?? '',
        graceMs,
      }),
    host: () => 'localhost',
    tellsCpu: process.platform === 'linux',
    tellsMemory: process.platform === 'linux',
  },
  {
    name: 'container',
    open: (workspace) => {
      if ('missing' in found) throw new Error(found.missing);
      return createContainerEngine({ command: found.command, env: process.env, workspace, graceMs });
    },
    host: (service) => service,
    tellsCpu: isCounted,
    tellsMemory: isCounted && holds?.memory === true,
    ...('missing' in found ? { missing: found.missing } : {}),
  },
];

const findsFifos = ['mkfifo', 'setsid'].every((name) => findTool(process.env.PATH ?? '', name) !== undefined);
kinds.push({
  name: 'prestart',
  open: (workspace) => createPrestartEngine({ workspace, path: process.env.PATH ?? '', graceMs }),
  host: () => 'localhost',
  tellsCpu: false,
  tellsMemory: false,
  ...(findsFifos ? {} : { missing: 'this machine has no mkfifo and setsid' }),
});

for (const { name, missing } of kinds)
  if (missing !== undefined) process.stderr.write(`not tried: the ${name} engine, since ${missing}\n`);

let workspace: TestWorkspace;
let engine: Engine;
beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(async () => {
  await engine.close();
  await workspace.close();
});

const free = new AbortController().signal;
const toImageStep = (commands: string[], given: Partial<PlannedStep> = {}) =>
  toStep(commands, { image: testImage, ...given });
const withoutNotice = (text: string) => text.replace(/^The image .* is not used.*\n/, '');

function start(
  step: PlannedStep,
  {
    variables = {},
    secrets = [],
    signal = free,
  }: { variables?: Record<string, string>; secrets?: string[]; signal?: AbortSignal } = {},
) {
  const output = createOutput();
  const ended = engine.run({ step, variables, secrets, write: output.write, signal });
  return { output, ended };
}
async function run(step: PlannedStep, given: Parameters<typeof start>[1] = {}) {
  await engine.prepare({ services: [], steps: [step] }, free);
  const { output, ended } = start(step, given);
  const { exitCode } = await ended;
  return { exitCode, text: withoutNotice(output.text) };
}

describe.each(kinds)('the $name engine', ({ open, host, tellsCpu, tellsMemory, missing }) => {
  const claim = missing === undefined ? test : test.skip;
  beforeEach(() => {
    engine = missing === undefined ? open(workspace) : createDummyEngine();
  });

  claim('prints each command and runs it in one shell, until one fails', async () => {
    expect(await run(toImageStep(['X=1', 'echo "$X"; echo err >&2', '(exit 7)', 'echo never']))).toEqual({
      exitCode: 7,
      text: '+ X=1\n+ echo "$X"; echo err >&2\n1\nerr\n+ (exit 7)\n',
    });
  });

  claim(
    "gives a step the job's variables, its own and its secrets, exactly, and nothing of ours",
    async () => {
      process.env.BELLOWS_TEST_SECRET = 'ours';
      const step = toImageStep(
        ['printf "%s|" "$CI" "$OWN" "$TOKEN"', 'echo "[$BELLOWS_TEST_SECRET$BELLOWS_SECRET_1]"'],
        {
          environment: { OWN: "it's $HOME\n`x`", DOCKER_HOST: 'tcp://127.0.0.1:1', LD_PRELOAD: '/none.so' },
          secrets: [{ variable: 'TOKEN', secret: 'token', position: { line: 1, column: 1 } }],
        },
      );
      const { text } = await run(step, { variables: { CI: 'true' }, secrets: ['two\nlines'] });
      delete process.env.BELLOWS_TEST_SECRET;
      expect(text).toContain("true|it's $HOME\n`x`|two\nlines|");
      expect(text).toContain('\n[]\n');
    },
  );

  claim('keeps a secret out of every argument', async () => {
    const secret = 'not-to-be-seen-4711';
    const step = toImageStep(['echo ready; sleep 1000'], {
      secrets: [{ variable: 'TOKEN', secret: 'token', position: { line: 1, column: 1 } }],
    });
    await engine.prepare({ services: [], steps: [step] }, free);
    const abort = new AbortController();
    const { output, ended } = start(step, { secrets: [secret], signal: abort.signal });
    await output.until('\nready\n');
    expect(readArguments().filter((text) => text.includes(secret))).toEqual([]);
    abort.abort();
    await ended;
  });

  claim('shares the workspace and the home between steps, and runs in their directory', async () => {
    await mkdir(join(workspace.tree, 'sub'));
    const first = toImageStep(['echo one > file; echo two > ~/kept'], { directory: 'sub' });
    const second = toImageStep(['cat sub/file ~/kept']);
    await engine.prepare({ services: [], steps: [first, second] }, free);
    await start(first).ended;
    const { output, ended } = start(second);
    await ended;
    expect(output.text).toContain('one\ntwo\n');
    expect(await readdir(join(workspace.tree, 'sub'))).toEqual(['file']);
  });

  claim('fails a step whose directory is not there', async () => {
    expect(await run(toImageStep(['pwd'], { directory: 'none' }))).toEqual({
      exitCode: 1,
      text: 'There is no directory none in the workspace.\n',
    });
  });

  claim('runs an entrypoint in place of the commands, which it finds in CI_SCRIPT', async () => {
    const entrypoint = ['/bin/sh', '-c', 'echo "$CI_SCRIPT" | base64 -d | /bin/sh -e'];
    const step = toImageStep(['echo hello'], { entrypoint });
    const direct = toStep([], { image: testImage, name: 'direct', entrypoint: ['/bin/sh', '-c', 'exit 4'] });
    await engine.prepare({ services: [], steps: [step, direct] }, free);
    const { output, ended } = start(step);
    await ended;
    expect(withoutNotice(output.text)).toBe('+ echo hello\nhello\n');
    expect((await start(direct).ended).exitCode).toBe(4);
  });

  claim('tells a signal as a shell does', async () => {
    expect((await run(toImageStep(["sh -c 'kill -KILL $$'"]))).exitCode).toBe(137);
  });

  claim('tells what a step has used, or nothing where the machine does not', async () => {
    const spin = 'i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done';
    const eat = 'x=$(head -c 30000000 /dev/zero | tr "\\0" x)';
    // Memory of processes is looked at twice a second.
    const step = toImageStep([eat, `${spin}; (${spin})`, 'sleep 0.5']);
    await engine.prepare({ services: [], steps: [step] }, free);
    const { exitCode, cpuMs = Number.NaN, peakBytes = Number.NaN } = await start(step).ended;
    expect(exitCode).toBe(0);
    if (tellsCpu) expect(cpuMs).toBeGreaterThan(20);
    else expect(cpuMs).toBeNaN();
    if (tellsMemory) expect(peakBytes).toBeGreaterThan(25_000_000);
    else expect(peakBytes).toBeNaN();
  });

  claim('runs several at once, each with its own output', async () => {
    const steps = ['a', 'b', 'c'].map((name) =>
      toImageStep(
        [`touch ${name}; while ! [ -e a -a -e b -a -e c ]; do sleep 0.05; done; echo ${name} met`],
        { name },
      ),
    );
    await engine.prepare({ services: [], steps }, free);
    const all = steps.map((step) => start(step));
    expect((await Promise.all(all.map(({ ended }) => ended))).map(({ exitCode }) => exitCode)).toEqual([
      0, 0, 0,
    ]);
    expect(all.map(({ output }) => output.text.trim().split('\n').at(-1))).toEqual([
      'a met',
      'b met',
      'c met',
    ]);
  });

  claim('ends a step by TERM, which it may answer', async () => {
    const step = toImageStep(["trap 'echo cleaned; exit 3' TERM", 'sleep 1000 & echo ready; wait']);
    await engine.prepare({ services: [], steps: [step] }, free);
    const abort = new AbortController();
    const { output, ended } = start(step, { signal: abort.signal });
    await output.until('\nready\n');
    abort.abort();
    expect(await ended).toMatchObject({ exitCode: 3 });
    expect(output.text).toContain('cleaned');
  });

  claim('and by KILL where it does not listen', async () => {
    const step = toImageStep(["trap '' TERM; echo ready; while :; do sleep 0.1; done"]);
    await engine.prepare({ services: [], steps: [step] }, free);
    const abort = new AbortController();
    const { output, ended } = start(step, { signal: abort.signal });
    await output.until('\nready\n');
    abort.abort();
    expect(await ended).toMatchObject({ exitCode: 137 });
  });

  claim('begins nothing that was ended before', async () => {
    const step = toImageStep(['echo x']);
    await engine.prepare({ services: [], steps: [step] }, free);
    const { output, ended } = start(step, { signal: AbortSignal.abort(new Error('too late')) });
    await expect(ended).rejects.toThrow('too late');
    expect(withoutNotice(output.text)).toBe('');
  });

  claim('says when a service takes connections, and steps reach it', async () => {
    const port = 41_234;
    await writeFile(join(workspace.tree, 'index.html'), 'served\n');
    const service = toImageStep([`busybox httpd -f -p ${port} -h .`], { name: 'web', ports: [port] });
    const step = toImageStep([`busybox wget -q -O - http://${host('web')}:${port}/`]);
    await engine.prepare({ services: [service], steps: [step] }, free);
    expect(await engine.answers(service, port)).toBe(false);
    const abort = new AbortController();
    const { ended } = start(service, { signal: abort.signal });
    await until(() => engine.answers(service, port), 20_000);
    const { output, ended: fetched } = start(step);
    await fetched;
    expect(output.text).toContain('\nserved\n');
    abort.abort();
    await ended;
  });
});

describe('the container engine', () => {
  const claim = 'missing' in found ? test.skip : test;
  const ask = async (...args: string[]) =>
    'missing' in found ? '' : (await found.command.ask(args)).stdout.trim();
  beforeEach(() => {
    const options = { env: process.env, workspace, graceMs, plugins: [testImage.replace(/:.*/, '')] };
    if ('missing' in found) engine = createDummyEngine();
    else engine = createContainerEngine({ ...options, command: found.command });
  });

  claim('runs a plugin as its image is, with its settings, and its secrets in no argument', async () => {
    const plugin: PlannedStep = {
      ...toImageStep([], { entrypoint: ['/bin/env'] }),
      kind: 'plugin',
      environment: { PLUGIN_REPO: 'a/b', PLUGIN_LINES: 'one\ntwo', OWN: "it's" },
      secrets: [{ variable: 'PLUGIN_TOKEN', secret: 'token', position: { line: 1, column: 1 } }],
    };
    const { text } = await run(plugin, { variables: { CI: 'true' }, secrets: ['s3cret'] });
    for (const line of [
      'PLUGIN_REPO=a/b',
      'PLUGIN_LINES=one\ntwo',
      "OWN=it's",
      'PLUGIN_TOKEN=s3cret',
      'CI=true',
    ])
      expect(text).toContain(`${line}\n`);
    expect((await readdir(workspace.scripts)).filter((name) => name.endsWith('.env'))).toEqual([]);
  });

  claim.each(['', '--privileged', '-v/:/host', 'a b'])('takes no image called %j', async (image) => {
    const work = { services: [], steps: [toStep(['true'], { image })] };
    await expect(engine.prepare(work, free)).rejects.toThrow('"test" names no image to run in');
  });

  claim('tells an image that cannot be had from a step that fails', async () => {
    const step = toStep(['true'], { image: 'localhost/bellows-test-none:1' });
    await expect(engine.prepare({ services: [], steps: [step] }, free)).rejects.toThrow(
      'the image localhost/bellows-test-none:1 cannot be had',
    );
    const broken = toImageStep([], { entrypoint: ['/none'] });
    await engine.prepare({ services: [], steps: [broken] }, free);
    await expect(start(broken).ended).rejects.toThrow('no container could be started');
  });

  claim('gives a step few rights, and no way to more', async () => {
    const { text } = await run(toImageStep(['grep -E "^(NoNewPrivs|CapEff|CapBnd)" /proc/self/status']));
    const fieldOf = (name: string) => new RegExp(`^${name}:\\s+(\\w+)`, 'm').exec(text)?.[1];
    // capabilities(7): CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7, NET_BIND_SERVICE 10.
    expect([fieldOf('CapEff'), fieldOf('CapBnd'), fieldOf('NoNewPrivs')]).toEqual([
      '00000000000004fb',
      '00000000000004fb',
      '1',
    ]);
  });

  claim('finds the tree where the workspace of the file is', async () => {
    const step = toImageStep(['pwd; echo made > file']);
    await engine.prepare({ services: [], steps: [step], workspace: { base: '/go', path: 'src/app' } }, free);
    const { output, ended } = start(step);
    await ended;
    expect(output.text).toContain('/go/src/app\n');
    expect(await readdir(workspace.tree)).toEqual(['file']);
  });

  claim('runs the image that was there when it was looked at, wherever its tag goes', async () => {
    const name = `localhost/bellows-test-moving:${process.pid}`;
    await ask('tag', testImage, name);
    try {
      const step = toStep(['echo the first'], { image: name });
      await engine.prepare({ services: [], steps: [step] }, free);
      await ask('rmi', name);
      const { output, ended } = start(step);
      expect(await ended).toMatchObject({ exitCode: 0 });
      expect(output.text).toContain('\nthe first\n');
    } finally {
      await ask('rmi', '--force', name);
    }
  });

  const bounded = holds?.memory === true && holds.pids ? test : test.skip;
  if (holds !== undefined && bounded === test.skip)
    process.stderr.write('not tried: limits of containers, since no cgroup here can hold them\n');

  bounded('holds a step to its memory, which is no fault of its commands', async () => {
    const resources = { requests: {}, limits: { memory: '32Mi' } };
    const step = toImageStep(['tail /dev/zero'], { resources });
    await expect(run(step)).rejects.toThrow('out of memory');
  });

  bounded('holds a step to its processes', async () => {
    if ('missing' in found) return;
    await engine.close();
    const limits = { pids: 20 };
    engine = createContainerEngine({ command: found.command, env: process.env, workspace, graceMs, limits });
    const { text } = await run(
      toImageStep(['i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; echo never']),
    );
    expect(text).toContain("can't fork");
    expect(text).not.toMatch(/^never$/m);
  });

  claim('leaves neither a container nor a network, whatever still runs', async () => {
    const before = [await ask('ps', '-aq'), await ask('network', 'ls', '-q')];
    const step = toImageStep(['echo ready; sleep 1000']);
    await engine.prepare({ services: [], steps: [step] }, free);
    const { output, ended } = start(step);
    await output.until('\nready\n');
    await engine.close();
    await ended;
    expect([await ask('ps', '-aq'), await ask('network', 'ls', '-q')]).toEqual(before);
  });
});

describe('the dummy engine', () => {
  beforeEach(() => {
    engine = createDummyEngine();
  });

  test('says the commands, runs none and plays the end that is asked for', async () => {
    expect(
      await run(toStep(['touch /none'], { environment: { DUMMY_EXIT_CODE: '3', DUMMY_MS: '5' } })),
    ).toEqual({
      exitCode: 3,
      text: '+ touch /none\n',
    });
    expect(await engine.answers(toStep([]), 1)).toBe(true);
  });

  test('ends when it is asked to', async () => {
    const abort = new AbortController();
    const { output, ended } = start(toStep(['true'], { environment: { DUMMY_MS: '100000' } }), {
      signal: abort.signal,
    });
    await output.until('+ true');
    abort.abort();
    expect(await ended).toEqual({ exitCode: 143 });
  });
});

/** Podman can be told to make none. */
async function hasCgroup({ command }: { command: ContainerCommand }): Promise<boolean> {
  const name = `bellows-test-cgroup-${process.pid}`;
  await command.ask(['create', '--name', name, '--pull', 'never', testImage, 'true']);
  const { stdout } = await command.ask(['inspect', '--format', '{{json .HostConfig}}', name]);
  await command.ask(['rm', '--force', name]);
  return !/"Cgroups":\s*"(?:disabled|no-conmon)"/.test(stdout);
}

/** Of every process of this machine. */
function readArguments(): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8')];
    } catch {
      return [];
    }
  });
}
