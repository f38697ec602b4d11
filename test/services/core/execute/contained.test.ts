import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createContained, type Isolation } from '../../../../services/core/execute/index.ts';
import { hasOwnIds, refuseIds } from '../../../../services/core/execute/own-ids.ts';
import { createOutput, openWorkspace } from '../../../support/workspace.ts';

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? test : test.skip;
if (!isRoot) process.stderr.write('Not tried: only root gives a namespace its ids.\n');

test('a user has ids of their own by name or number, for users and groups, where they may use them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellows-test-ids-'));
  const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
  try {
    expect(hasOwnIds(1000, folder)).toBe(false);
    put('passwd', 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n');
    put('subuid', 'eve:100000:65536\nada:165536:65536\n');
    expect(hasOwnIds(1000, folder)).toBe(false);
    put('subgid', '1000:165536:65536\n');
    expect([hasOwnIds(1000, folder), hasOwnIds(0, folder), hasOwnIds(100, folder)]).toEqual([
      true,
      false,
      false,
    ]);
    const status = (text: string) => {
      put('status', text);
      return join(folder, 'status');
    };
    expect(refuseIds(1000, folder, status('NoNewPrivs:\t0\n'))).toBeUndefined();
    expect(refuseIds(100, folder, status('NoNewPrivs:\t0\n'))).toContain('apt-get install uidmap');
    expect(refuseIds(1000, folder, status('NoNewPrivs:\t1\n'))).toContain('profile `restricted`');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const run = async (isolation: Isolation, command: string[], signal = new AbortController().signal) => {
  const workspace = await openWorkspace();
  const contained = createContained({ workspace, isolation, graceMs: 200 });
  const output = createOutput();
  try {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    const exitCode = await contained.run(command, { cwd: '/', env, write: output.write, signal });
    return { exitCode, text: output.text, refusal: await contained.refusal() };
  } finally {
    await contained.close();
    await workspace.close();
  }
};

asRoot('a command is root of ids that nobody else has', async () => {
  const ids = async (uid: number) => {
    const script = 'id -u; cat /proc/self/uid_map; cat /proc/1/environ 2>&1; true';
    const { exitCode, text } = await run({ kind: 'uid', uid, reason: 'test' }, ['sh', '-c', script]);
    expect([exitCode, text]).toEqual([0, expect.stringMatching(/^0\n/)]);
    expect(text).toContain('Permission denied');
    const [, first] = /^ +1 +(\d+) +65535$/m.exec(text) ?? [];
    return Number(first);
  };
  const [one, two] = [await ids(54321), await ids(54322)];
  expect(Math.abs(one - two)).toBeGreaterThanOrEqual(65_535);
});

asRoot('its exit code and its end are those of the command', async () => {
  const uid: Isolation = { kind: 'uid', uid: 54321, reason: 'test' };
  expect(await run(uid, ['sh', '-c', 'exit 7'])).toMatchObject({ exitCode: 7, refusal: undefined });
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  expect((await run(uid, ['sleep', '60'], abort.signal)).exitCode).not.toBe(0);
  await expect(run(uid, ['true'], AbortSignal.abort())).rejects.toThrow('aborted');
});

asRoot('where steps are root it is root, too', async () => {
  expect(
    await run({ kind: 'none', reason: 'test' }, ['sh', '-c', 'echo $_CONTAINERS_USERNS_CONFIGURED']),
  ).toMatchObject({
    exitCode: 0,
    text: 'done\n',
  });
});
