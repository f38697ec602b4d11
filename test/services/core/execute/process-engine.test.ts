import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createProcessEngine, type Engine } from '../../../../services/core/execute/index.ts';
import { isGroupAlive } from '../../../../services/core/execute/process-group.ts';
import type { PlannedStep } from '../../../../services/core/pipeline/index.ts';
import { createOutput, openWorkspace, toStep } from '../../../support/workspace.ts';

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
let engine: Engine;

beforeEach(async () => {
  workspace = await openWorkspace();
  engine = createProcessEngine({
    workspace,
    isolation: { kind: 'none', reason: 'a test' },
    path: process.env.PATH ?? '',
    graceMs: 300,
  });
});

afterEach(async () => {
  await engine.close();
  await workspace.close();
});

async function run(commands: string[], given: Partial<PlannedStep> = {}, variables = {}) {
  const output = createOutput();
  const { signal } = new AbortController();
  const { exitCode } = await engine.run({
    step: toStep(commands, given),
    variables,
    write: output.write,
    signal,
  });
  return { exitCode, text: output.text };
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a step', () => {
  test('prints each command and runs it in one shell, until one fails', async () => {
    expect(await run(['cd /', 'X=1', 'echo "$PWD $X"; echo err >&2', '(exit 7)', 'echo never'])).toEqual({
      exitCode: 7,
      text: '+ cd /\n+ X=1\n+ echo "$PWD $X"; echo err >&2\n/ 1\nerr\n+ (exit 7)\n',
    });
  });

  test('keeps the order of what it writes to either output', async () => {
    const { text } = await run(['for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done']);
    expect(text.split('\n').slice(1, -1).join(' ')).toBe(
      'o1 e1 o2 e2 o3 e3 o4 e4 o5 e5 o6 e6 o7 e7 o8 e8 o9 e9',
    );
  });

  test('has its bytes handed on as they are', async () => {
    const { text } = await run(["printf '\\377\\000\\033[31m\\r'"]);
    expect(text.endsWith('\xff\0\x1b[31m\r')).toBe(true);
  });

  test("sees PATH, HOME, the job's variables and its own, and nothing of ours", async () => {
    process.env.BELLOWS_TEST_SECRET = 'secret';
    const { text } = await run(['env'], { environment: { OWN: "it's $HOME\n`x`" } }, { CI: 'true' });
    delete process.env.BELLOWS_TEST_SECRET;
    const names = text
      .split('\n')
      .slice(1)
      .flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
    expect(names.sort()).toEqual(['CI', 'HOME', 'OWN', 'PATH', 'PWD']);
    expect(text).toContain(`HOME=${workspace.home}\n`);
    expect(text).toContain("OWN=it's $HOME\n`x`\n");
  });

  test('has no terminal and nothing on its standard input', async () => {
    expect(await run(['cat', 'test ! -t 1'])).toMatchObject({ exitCode: 0 });
  });

  test("a broken command is that command's failure: those before it have run", async () => {
    const { exitCode, text } = await run(['echo first', 'echo "open', 'echo last']);
    expect(exitCode).toBe(2);
    expect(text).toContain('\nfirst\n');
    expect(text).not.toContain('\nlast\n');
  });

  test('names the image that it does not use first', async () => {
    const { text } = await run(['true'], { image: 'rust:1' });
    expect(text.split('\n')[0]).toBe(
      "The image rust:1 is not used: this step runs with the agent's own tools.",
    );
  });

  test('that ends by a signal has the exit code that a shell shows', async () => {
    expect(await run(['kill -KILL $$'])).toMatchObject({ exitCode: 137 });
  });

  test('runs in its directory, but in none outside of the tree, by a link neither', async () => {
    await mkdir(join(workspace.tree, 'sub'));
    await symlink('/etc', join(workspace.tree, 'out'));
    await writeFile(join(workspace.tree, 'file'), '');
    expect((await run(['basename "$PWD"'], { directory: 'sub' })).text).toContain('\nsub\n');
    for (const directory of ['out', 'none', 'file'])
      expect(await run(['pwd'], { directory })).toEqual({
        exitCode: 1,
        text: `There is no directory ${directory} in the workspace.\n`,
      });
  });

  test('that cannot be started is no failure of the step', async () => {
    await engine.close();
    engine = createProcessEngine({
      workspace,
      isolation: { kind: 'namespace', hide: '/none', reason: 'a test' },
      path: '/nowhere',
    });
    await expect(run(['true'])).rejects.toThrow('no process could be started');
  });

  test('a reader that is slow slows the step down', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let bytes = 0;
    const ended = engine.run({
      step: toStep(['yes | head -c 3000000', 'touch done']),
      variables: {},
      write: (part) => {
        bytes += part.length;
        return gate;
      },
      signal: new AbortController().signal,
    });
    expect(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 200, 'waiting'))])).toBe(
      'waiting',
    );
    expect(bytes).toBeLessThan(200_000);
    open();
    await ended;
    expect(bytes).toBeGreaterThan(3_000_000);
  });
});

describe('a step with an entrypoint of its own', () => {
  test('runs that in place of its commands, which it finds in CI_SCRIPT', async () => {
    const entrypoint = ['/bin/sh', '-c', 'echo "$OWN"; echo "$CI_SCRIPT" | base64 -d | /bin/sh -e'];
    const { text } = await run(['echo "$0 $OWN"'], { entrypoint, environment: { OWN: "it's" } });
    expect(text).toBe('it\'s\n+ echo "$0 $OWN"\n/bin/sh it\'s\n');
    expect(await run([], { entrypoint: ['/bin/sh', '-c', 'exit 4'] })).toMatchObject({ exitCode: 4 });
  });
});

describe('what needs an image', () => {
  const prepare = (given: Partial<PlannedStep>) =>
    engine.prepare({ services: [], steps: [toStep([], given)] }, new AbortController().signal);

  test('is refused before anything runs', async () => {
    const plugin = { name: 'publish', kind: 'plugin', image: 'plugins/docker' } as const;
    await expect(prepare(plugin)).rejects.toThrow(
      'needs a container engine: "publish" runs the image "plugins/docker" as it is',
    );
    await expect(prepare({ image: 'postgres:17' })).rejects.toThrow('needs a container engine');
    await expect(prepare({ name: 'a', commands: ['ls'], volumes: ['/a:/b'] })).rejects.toThrow(
      'needs a container engine: "a" asks for volumes',
    );
  });

  test('and what has commands is not', async () => {
    await prepare({ commands: ['true'] });
    await prepare({ entrypoint: ['/bin/true'] });
  });
});

describe('a service', () => {
  test('is ready when its port takes connections', async () => {
    const server = createServer().listen(0, 'localhost');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await engine.answers(toStep([]), port)).toBe(true);
    server.close();
    await once(server, 'close');
    expect(await engine.answers(toStep([]), port)).toBe(false);
  });
});

describe('what a step used', () => {
  const measure = async (command: string) => {
    const { signal } = new AbortController();
    const step = toStep([command]);
    return engine.run({ step, variables: {}, write: () => undefined, signal });
  };

  test('is the processor time of all that it waited for', async () => {
    const spin = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';
    const { cpuMs = 0 } = await measure(`sh -c '${spin}'; (${spin})`);
    expect(cpuMs).toBeGreaterThan(50);
    expect((await measure('sleep 0.2')).cpuMs).toBeLessThan(50);
  });
});

describe('the end of a step', () => {
  test('is the end of what it left in the background', async () => {
    const { exitCode, text } = await run(['sleep 1000 & echo "pid $!"']);
    expect(exitCode).toBe(0);
    const group = Number(/pid (\d+)/.exec(text)?.[1]);
    expect(group).toBeGreaterThan(0);
    await expectEnd(group);
  });

  test('does not wait for who has left its group and holds its output', async () => {
    const { exitCode, text } = await run(['setsid sleep 1000 & echo "pid $!"']);
    expect(exitCode).toBe(0);
    const pid = Number(/pid (\d+)/.exec(text)?.[1]);
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  });

  test('an abort is TERM for the whole group first', async () => {
    const abort = new AbortController();
    const output = createOutput();
    const commands = ["trap 'echo cleaned; exit 3' TERM", 'sleep 1000 & echo ready; wait'];
    const ended = engine.run({
      step: toStep(commands),
      variables: {},
      write: output.write,
      signal: abort.signal,
    });
    await output.until('\nready\n');
    abort.abort();
    expect(await ended).toMatchObject({ exitCode: 3 });
    expect(output.text).toContain('cleaned');
  });

  test('and KILL for what does not listen', async () => {
    const abort = new AbortController();
    const output = createOutput();
    const commands = ["trap '' TERM; echo pid $$; while :; do sleep 0.1; done"];
    const ended = engine.run({
      step: toStep(commands),
      variables: {},
      write: output.write,
      signal: abort.signal,
    });
    await output.until('\npid ');
    const group = Number(/\npid (\d+)/.exec(output.text)?.[1]);
    abort.abort();
    expect(await ended).toMatchObject({ exitCode: 137 });
    expect(isGroupAlive(group)).toBe(false);
  });

  test('a step that is aborted before it starts never starts', async () => {
    const abort = new AbortController();
    abort.abort(new Error('too late'));
    const output = createOutput();
    const run = { step: toStep(['echo x']), variables: {}, write: output.write, signal: abort.signal };
    await expect(engine.run(run)).rejects.toThrow('too late');
    expect(output.text).toBe('');
  });
});

/** A child of a child is not ours to wait for; in a container it may stay a zombie, which counts as gone. */
async function expectEnd(pid: number): Promise<void> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  expect(stat.slice(stat.lastIndexOf(')') + 2)).toMatch(/^[ZX]/);
}
