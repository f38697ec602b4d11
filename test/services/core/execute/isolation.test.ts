import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createProcessEngine,
  createWorkspace,
  type Isolation,
  probeIsolation,
} from '../../../../services/core/execute/index.ts';
import { toHidden } from '../../../../services/core/execute/isolation.ts';
import { createOutput, toStep } from '../../../support/workspace.ts';

const isRoot = process.getuid?.() === 0;
/** Asked once: what the machine can do does not change between the tests. */
const hasNamespaces = (() => {
  const hide = mkdtempSync(join(tmpdir(), 'bellows-test-probe-'));
  const [command = '', ...args] = toHidden(hide, '/', '/', ['/bin/true']);
  const { status } = spawnSync(command, args, { stdio: 'ignore' });
  rmdirSync(hide);
  return status === 0;
})();

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'bellows-test-data-'));
  await chmod(data, 0o711);
  await writeFile(join(data, 'secret'), 'the secret', { mode: 0o600 });
});

afterEach(() => rm(data, { recursive: true, force: true }));

/** What a step that looks for it sees of our secrets: the hidden folder, and our environment. */
async function spy(isolation: Isolation, uid?: number): Promise<string> {
  const folder = join(data, 'jobs');
  await mkdir(folder);
  const workspace = createWorkspace(folder, uid);
  const engine = createProcessEngine({ workspace, isolation, path: process.env.PATH ?? '' });
  const output = createOutput();
  const commands = [
    `cat '${data}/secret' || true`,
    `tr '\\0' '\\n' < /proc/${process.pid}/environ | grep -c . || true`,
    'echo mine > file; cat file "$HOME/../scripts/1.sh" > /dev/null; echo work goes on',
    'grep CapEff /proc/self/status; grep ^Uid /proc/self/status',
  ];
  try {
    const { signal } = new AbortController();
    await engine.run({ step: toStep(commands), variables: {}, write: output.write, signal });
  } finally {
    await engine.close();
  }
  return output.text;
}

test('the strongest isolation that is possible is found, and the reason is said', async () => {
  const wish = await probeIsolation({ uid: 59_999, hide: data });
  if (isRoot) expect(wish).toEqual({ kind: 'uid', uid: 59_999, reason: 'steps run as user 59999' });
  else expect(wish).toMatchObject({ kind: 'none', reason: expect.stringContaining('only root') });

  const hidden = await probeIsolation({ hide: data });
  const kind = !isRoot && hasNamespaces ? 'namespace' : 'none';
  expect(hidden).toMatchObject({ kind, reason: expect.stringMatching(/^(steps|this machine)/) });
  expect(await probeIsolation({})).toMatchObject({ kind: 'none' });
});

test('a step without isolation reads what our user reads: why the others exist', async () => {
  expect(await spy({ kind: 'none', reason: 'a test' })).toContain('the secret');
});

test('a step with a user of its own reads neither our files nor our environment; only root can give it one', async () => {
  const spied = spy({ kind: 'uid', uid: 59_999, reason: 'a test' }, 59_999);
  if (!isRoot) return expect(spied).rejects.toThrow();
  const text = await spied;
  expect(text).not.toContain('the secret');
  expect(text).toMatch(/environ: Permission denied|\n0\n/);
  expect(text).toContain('work goes on');
  expect(text).toMatch(/CapEff:\t0+\nUid:\t59999\t59999/);
});

test('a step in a namespace sees neither the hidden folder nor our processes; where there are none it never runs', async () => {
  const isolation = { kind: 'namespace', hide: data, reason: 'a test' } as const;
  const text = await spy(isolation);
  expect(text).not.toContain('the secret');
  if (!hasNamespaces) return expect(text).not.toContain('work goes on');
  expect(text).toMatch(/secret: No such file|secret': No such file/);
  expect(text).toMatch(/environ: No such file/);
  expect(text).toContain('work goes on');
  expect(text).toMatch(/CapEff:\t0+\n/);
});

/** What a step sees of its job's folder, at a place where another job's stands. */
async function look(isolation: Isolation, uid?: number): Promise<string> {
  const [folder, at] = ['slot-1', 'slot-0'].map((name) => join(data, name)) as [string, string];
  for (const path of [folder, at]) await mkdir(path, { recursive: true, mode: 0o711 });
  await mkdir(join(at, 'tree/foreign'), { recursive: true });
  const workspace = createWorkspace(folder, uid);
  await mkdir(join(workspace.tree, "a 'b'"));
  const engine = createProcessEngine({ workspace, isolation, path: process.env.PATH ?? '' });
  const output = createOutput();
  const commands = [
    'echo "in $PWD, home $HOME"; echo made > ../made',
    `ls '${at}/tree'; grep -E '^(Uid|CapEff)' /proc/self/status`,
  ];
  try {
    const { signal } = new AbortController();
    const step = toStep(commands, { directory: "a 'b'" });
    if (uid !== undefined) await chown(workspace.tree, uid, uid);
    await engine.run({ step, variables: {}, write: output.write, signal });
  } finally {
    await engine.close();
  }
  expect(String(await readFile(join(workspace.tree, 'made')))).toBe('made\n');
  return output.text;
}

test('a view shows a step its job at a place where another may stand, with no more rights than it had', async () => {
  const view = { folder: join(data, 'slot-1'), at: join(data, 'slot-0') };
  for (const path of [view.folder, view.at, join(data, 'hidden')]) await mkdir(path, { mode: 0o711 });
  const uid = isRoot ? 59_999 : undefined;
  const isolation = await probeIsolation({ uid, hide: join(data, 'hidden'), view });
  if (isolation.view === undefined)
    return process.stderr.write('skipped: views (this machine refuses them)\n');
  const text = await look(isolation, uid);
  expect(text).toContain(`in ${view.at}/tree/a 'b', home ${view.at}/home\n`);
  expect(text).not.toContain('foreign');
  expect(text).toMatch(/CapEff:\t0+\n/);
  expect(text).toMatch(isRoot ? /Uid:\t59999\t59999/ : /Uid/);
  expect(await readdir(view.at, { recursive: true })).toEqual(['tree', 'tree/foreign']);
});

test('a view that the machine refuses is left out, and nothing else', async () => {
  const view = { folder: data, at: join(data, 'none') };
  const wish = isRoot ? { uid: 59_999 } : { hide: data };
  const plain = await probeIsolation(wish);
  expect(await probeIsolation({ ...wish, view })).toEqual(plain);
});
