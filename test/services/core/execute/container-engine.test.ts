import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createContainerCommand } from '../../../../services/core/execute/container-command.ts';
import {
  type ContainerEngineOptions,
  createContainerEngine,
} from '../../../../services/core/execute/container-engine.ts';
import type { Engine } from '../../../../services/core/execute/index.ts';
import type { PlannedStep } from '../../../../services/core/pipeline/index.ts';
import { createOutput, openWorkspace, toStep } from '../../../support/workspace.ts';

// What is asked of the command line, on machines without one, too: what it does is in engines.test.ts.

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
let engine: Engine;
beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(async () => {
  await engine.close();
  await workspace.close();
});

const { signal } = new AbortController();
const id = `sha256:${'1'.repeat(64)}`;
const holdsAll = '{"MemoryLimit":true,"PidsLimit":true,"CpuCfsQuota":true}';

/** Writes down each word it is given; runs a step's script here. */
async function open(
  options: Partial<ContainerEngineOptions> = {},
  { info = holdsAll, digest = '' } = {},
): Promise<void> {
  const script = `#!/bin/sh
printf '%s\\n' "$@" "" >> ${workspace.folder}/asked
case "$1 $2" in
  "image inspect") echo '${id} ${digest}' ;;
  "info "*) echo '${info}' ;;
  "inspect "*) echo 'exited 0 false' ;;
  "run "*) while [ $# -gt 2 ]; do shift; done; if [ "$1" = -e ]; then exec /bin/sh -e "$2"; fi ;;
esac
`;
  const file = join(workspace.folder, 'docker');
  await writeFile(file, script, { mode: 0o755 });
  const command = createContainerCommand(file, { PATH: process.env.PATH });
  engine = createContainerEngine({ command, env: process.env, workspace, graceMs: 300, ...options });
}
async function run(step: PlannedStep, wanted?: { base?: string; path?: string }) {
  await engine.prepare({ services: [], steps: [step], workspace: wanted }, signal);
  const output = createOutput();
  const variables = { CI_WORKSPACE: workspace.tree };
  const { exitCode } = await engine.run({ step, variables, write: output.write, signal });
  const asked = readFileSync(join(workspace.folder, 'asked'), 'utf8').split('\n\n');
  return { exitCode, text: output.text, words: asked.find((each) => each.startsWith('run\n'))?.split('\n') };
}
/** What stands behind an option, each time. */
const valuesOf = (words: string[] = [], option: string) =>
  words.flatMap((word, i) => (word === option ? [words[i + 1]] : []));
const toImageStep = (given: Partial<PlannedStep> = {}) =>
  toStep(['echo "$CI_WORKSPACE"'], { image: 'alpine:3', ...given });

test('a container has few rights, no way to more, and keeps no log of its own', async () => {
  await open();
  const { words } = await run(toImageStep());
  expect(valuesOf(words, '--cap-drop')).toEqual(['ALL']);
  expect(valuesOf(words, '--cap-add')).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/NET_RAW|MKNOD|SYS_|SETPCAP|SETFCAP|AUDIT/)]),
  );
  expect(valuesOf(words, '--security-opt')).toEqual(['no-new-privileges']);
  expect(valuesOf(words, '--log-driver')).toEqual(['none']);
  expect(words).not.toContain('--privileged');
});

test('without settings a step has most of the memory, and 4096 processes', async () => {
  await open();
  const { words } = await run(toImageStep());
  expect(valuesOf(words, '--pids-limit')).toEqual(['4096']);
  expect(valuesOf(words, '--memory')).toEqual([String(Math.floor(totalmem() * 0.9))]);
  expect(valuesOf(words, '--memory-swap')).toEqual(valuesOf(words, '--memory'));
});

test('a file asks for less memory than the setting, and gets no more', async () => {
  const limits = { memoryBytes: 1024 ** 3, pids: 100 };
  const resources = { requests: { memory: '64Mi', cpu: '500m' }, limits: { memory: '128Mi', cpu: '0.5' } };
  await open({ limits });
  const { words } = await run(toImageStep({ resources }));
  expect(valuesOf(words, '--pids-limit')).toEqual(['100']);
  expect(valuesOf(words, '--memory')).toEqual([String(128 * 1024 ** 2)]);
  expect(valuesOf(words, '--memory-reservation')).toEqual([String(64 * 1024 ** 2)]);
  expect(valuesOf(words, '--cpus')).toEqual(['0.5']);
  expect(valuesOf(words, '--cpu-shares')).toEqual(['512']);
  await engine.close();
  await open({ limits });
  await writeFile(join(workspace.folder, 'asked'), '');
  const more = await run(toImageStep({ resources: { requests: {}, limits: { memory: '64G', cpu: '900' } } }));
  expect(valuesOf(more.words, '--memory')).toEqual([String(1024 ** 3)]);
  expect(Number(valuesOf(more.words, '--cpus')[0])).toBeLessThan(900);
});

test('what cannot be held is said where a file asks for it', async () => {
  await open({}, { info: '{"host":{"cgroupControllers":["memory"]}}' });
  const resources = { requests: { 'ephemeral-storage': '1Gi' }, limits: { memory: '1Gi', cpu: '1' } };
  const { words, text } = await run(toImageStep({ resources }));
  expect(text).toContain('Its resources are not held here: ephemeral-storage, cpu.\n');
  expect([valuesOf(words, '--memory').length, valuesOf(words, '--pids-limit')]).toEqual([1, []]);
});

test.each(['{"host":{"cgroupControllers":["hugetlb"]}}', 'no JSON', 'null'])(
  'and nothing runs where a limit was set: %s',
  async (info) => {
    await open({ limits: { memoryBytes: 2 ** 30, pids: 10 } }, { info });
    await expect(run(toImageStep())).rejects.toThrow('no container to the limit of memory and pids');
  },
);

test('the tree is where the workspace of the file says, and steps are told', async () => {
  await open();
  await mkdir(join(workspace.tree, 'sub'));
  const volumes = ['/srv/data:/data:ro'];
  const { words, text } = await run(toImageStep({ directory: 'sub', volumes }), {
    base: '/go',
    path: 'src/app/',
  });
  expect(valuesOf(words, '--volume')).toContain(`${workspace.tree}:/go/src/app`);
  expect(valuesOf(words, '--volume')).toContain('/srv/data:/data:ro');
  expect(valuesOf(words, '--workdir')).toEqual(['/go/src/app/sub']);
  expect(text).toContain('\n/go/src/app\n');
});

test('an image is run by the id that it had when it was looked at', async () => {
  await open();
  const { words } = await run(toImageStep());
  expect(words).toContain(id);
  expect(words).not.toContain('alpine:3');
});

const digest = `registry.example/acme/deploy@sha256:${'2'.repeat(64)}`;
const plugin = (image: string): PlannedStep => ({
  ...toStep([], { image, name: 'deploy' }),
  kind: 'plugin',
  secrets: [{ variable: 'PLUGIN_TOKEN', secret: 'token', position: { line: 1, column: 1 } }],
});

test('a plugin whose tag may move is given no secrets, and the refusal says what to write', async () => {
  await open({}, { digest });
  await expect(run(plugin('registry.example/acme/deploy:1'))).rejects.toThrow(
    `"deploy" gives secrets to the plugin registry.example/acme/deploy:1, whose tag may be another image tomorrow: write ${digest}, or have it named in BELLOWS_PLUGINS`,
  );
  await expect(run(plugin('acme/woodpeckerci/deploy:1'))).rejects.toThrow(
    'write acme/woodpeckerci/deploy@sha256:…,',
  );
});

test.each<[image: string, plugins: string[] | undefined]>([
  [digest, []],
  ['woodpeckerci/plugin-npm:1.2.0', undefined],
  ['docker.io/woodpeckerci/plugin-npm', undefined],
  ['registry.example/acme/deploy:1', ['registry.example/acme/*']],
])('but %s is, where %j may', async (image, plugins) => {
  await open({ plugins }, { digest });
  expect(await run(plugin(image))).toMatchObject({ exitCode: 0 });
});

test.each([[[]], [['woodpeckerci/plugin-git']]])('%j names no other plugin', async (plugins) => {
  await open({ plugins });
  await expect(run(plugin('woodpeckerci/plugin-npm:1.2.0'))).rejects.toThrow('gives secrets to the plugin');
});

test('a pattern that is none is said to be one', async () => {
  await open({ plugins: ['acme/['] });
  await expect(run(plugin('acme/x:1'))).rejects.toThrow(/^BELLOWS_PLUGINS: one of acme\/\[ /);
});
