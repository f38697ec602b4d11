import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Engine, type EngineKind, openEngine } from '../../../../services/core/execute/index.ts';
import { createOutput, openWorkspace, toStep } from '../../../support/workspace.ts';

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
let engine: Engine | undefined;
beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(async () => {
  await engine?.close();
  await workspace.close();
});

const { signal } = new AbortController();
const open = (kind: EngineKind, path = '/bin:/usr/bin') => {
  engine = openEngine(kind, {
    workspace,
    isolation: { kind: 'none', reason: 'a test' },
    path,
    env: {},
    graceMs: 300,
  });
  return engine;
};
const step = toStep(['echo ran']);
const withImage = { ...step, image: 'alpine:3' };

/** A docker that answers every question by a word, and says what it was asked. */
async function putDocker(exitCode: number): Promise<string> {
  const folder = join(workspace.folder, 'bin');
  await mkdir(folder);
  const script = `#!/bin/sh\necho "$*" >> ${join(workspace.folder, 'asked')}\necho answer\nexit ${exitCode}\n`;
  await writeFile(join(folder, 'docker'), script, { mode: 0o755 });
  return `${folder}:/bin:/usr/bin`;
}

test('auto takes processes where a step names no image, and asks nobody', async () => {
  const chosen = open('auto', '/none');
  await chosen.prepare({ services: [], steps: [withImage, step] }, signal);
  expect(chosen.name).toBe('process');
  const output = createOutput();
  expect(await chosen.run({ step, variables: {}, write: output.write, signal })).toMatchObject({
    exitCode: 0,
  });
  expect(output.text).toContain('ran');
});

test('auto takes containers where every step names an image and docker answers, else processes', async () => {
  const path = await putDocker(0);
  const chosen = open('auto', path);
  await chosen.prepare({ services: [], steps: [withImage] }, signal);
  expect(chosen.name).toBe('container');
  await chosen.close();
  await writeFile(join(workspace.folder, 'bin/docker'), '#!/bin/sh\nexit 1\n');
  const other = open('auto', join(workspace.folder, 'bin'));
  await other.prepare({ services: [], steps: [withImage] }, signal);
  expect(other.name).toBe('process');
});

test('containers are refused where nobody can run one, with the reason', async () => {
  await expect(
    open('container', '/none').prepare({ services: [], steps: [withImage] }, signal),
  ).rejects.toThrow('needs docker or podman: neither answers (looked in /none)');
});

test('the dummy runs nothing', async () => {
  const dummy = open('dummy');
  await dummy.prepare({ services: [], steps: [step] }, signal);
  const output = createOutput();
  await dummy.run({ step, variables: {}, write: output.write, signal });
  expect(output.text).toBe('+ echo ran\n');
  expect(await dummy.answers(step, 1)).toBe(true);
});
