import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeFolder, removeTree, toFolder } from '../../../services/local/folder.ts';
import { holdFolder, isAnswered } from '../../../services/local/lock.ts';
import { openSecrets, secretNames } from '../../../services/local/secrets.ts';

let temporary: string;
const uid = process.getuid?.() ?? 0;
const mode = async (path: string) => (await stat(path)).mode & 0o777;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'bellows-test-'));
});
afterEach(() => rm(temporary, { recursive: true }));

test('sockets stand beside the data, unless that path is too long for one', () => {
  expect(toFolder('/home/ann/ci', '/tmp').run).toBe('/home/ann/ci/run');
  const far = toFolder(`/home/${'long/'.repeat(20)}ci`, '/tmp');
  expect(Buffer.byteLength(join(far.run, 'redis.sock'))).toBeLessThan(104);
  expect(far.run).not.toBe(toFolder(`/home/${'long/'.repeat(20)}other`, '/tmp').run);
});

test('nobody else may look into the data, and workspaces stand outside of it', async () => {
  const folder = toFolder(join(temporary, 'data'), temporary);
  await makeFolder(folder, uid);
  await chmod(folder.data, 0o755);
  await makeFolder(folder, uid);
  for (const path of [folder.data, folder.secrets, folder.redis, folder.git, folder.log, folder.run])
    expect(await mode(path)).toBe(0o700);
  expect(folder.workspaces.startsWith(folder.data)).toBe(false);
});

test('a folder that somebody else has laid ready is refused', async () => {
  const folder = toFolder(join(temporary, 'data'), temporary);
  await symlink('/etc', folder.workspaces);
  await expect(makeFolder(folder, uid)).rejects.toThrow(/is not a folder of this user/);
});

test('secrets are made once, each its own, and only their owner may read them', async () => {
  const first = await openSecrets(temporary);
  expect(new Set(Object.values(first)).size).toBe(secretNames.length);
  for (const name of secretNames) {
    expect(first[name]).toMatch(name === 'secrets-key' ? /^AGE-SECRET-KEY-1\w{58}$/ : /^[\w-]{43}$/);
    expect(await mode(join(temporary, name))).toBe(0o600);
  }
  expect(await openSecrets(temporary)).toEqual(first);
});

test('a secret that is too short to be one is an error that names its file', async () => {
  await writeFile(join(temporary, 'admin-token'), 'short\n');
  await expect(openSecrets(temporary)).rejects.toThrow(join(temporary, 'admin-token'));
});

test('a folder is held by one, and free again when its holder has gone or was killed', async () => {
  const socket = join(temporary, 'up.sock');
  await writeFile(socket, ''); // what a kill -9 leaves is no listener
  const release = await holdFolder(socket, '/data');
  expect(await isAnswered(socket)).toBe(true);
  await expect(holdFolder(socket, '/data')).rejects.toThrow(/already up for \/data/);
  await release();
  expect(await isAnswered(socket)).toBe(false);
  await (await holdFolder(socket, '/data'))();
});

test('a folder is removed though somebody took the right to write in it', async () => {
  const tree = join(temporary, 'tree');
  await mkdir(join(tree, 'cache'), { recursive: true });
  await writeFile(join(tree, 'cache', 'file'), '');
  await chmod(join(tree, 'cache'), 0o500);
  await removeTree(tree);
  await removeTree(tree);
  await expect(stat(tree)).rejects.toThrow(/ENOENT/);
});
