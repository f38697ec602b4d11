import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { backupConfigSchema } from '../../../services/backup/config.ts';
import { createCopies, partBytes } from '../../../services/backup/copies.ts';
import { runBackup } from '../../../services/backup/run.ts';
import { openFolderStore } from '../../../services/core/store/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-backup-'));
});
afterEach(() => rm(folder, { recursive: true }));

const store = () => openFolderStore(join(folder, 'store'));
const config = (what: string, more: Record<string, string> = {}) =>
  backupConfigSchema.parse({
    BELLOWS_BACKUP: what,
    BELLOWS_BACKUP_FILE: join(folder, 'copy'),
    BELLOWS_STORE: join(folder, 'store'),
    ...more,
  });
const day = (n: number) => new Date(Date.UTC(2026, 10, n, 2, 30));

test('a copy of several parts comes back byte for byte, and one that was changed does not come back', async () => {
  const copies = createCopies(await store(), 'gitea');
  const content = Buffer.alloc(2 * partBytes + 7, 'bellows');
  await writeFile(join(folder, 'copy'), content);
  const time = await copies.put(join(folder, 'copy'), day(1));
  expect(await copies.bringBack(time, join(folder, 'back'))).toBe(time);
  expect((await readFile(join(folder, 'back'))).equals(content)).toBe(true);

  await truncate(join(folder, 'store', 'backups', 'gitea', time, '00001'), 100);
  await expect(copies.bringBack('latest', join(folder, 'other'))).rejects.toThrow(
    'is not what was put there',
  );
  await rm(join(folder, 'store', 'backups', 'gitea', time, '00002'));
  await expect(copies.bringBack('latest', join(folder, 'third'))).rejects.toThrow('part 2');
});

test('one that was never finished is no copy; it goes when nobody can be at it any more', async () => {
  const copies = createCopies(await store(), 'gitea');
  await writeFile(join(folder, 'copy'), 'whole');
  const time = await copies.put(join(folder, 'copy'), day(1));
  await rm(join(folder, 'store', 'backups', 'gitea', time, 'manifest'));
  expect(await copies.list()).toEqual([]);
  await expect(copies.bringBack('latest', join(folder, 'back'))).rejects.toThrow('there are none');
  expect(await copies.prune(14, new Date(day(1).getTime() + 3_600_000))).toEqual([]);
  expect(await copies.prune(14, day(3))).toEqual([time]);
  expect(await readdir(join(folder, 'store', 'backups', 'gitea', time))).toEqual([]);
});

test('what is older than its days goes, but the newest three stay, however old', async () => {
  await writeFile(join(folder, 'copy'), 'x');
  for (const n of [1, 2, 3, 4, 20]) await runBackup(config('postgres'), day(n));
  const copies = createCopies(await store(), 'postgres');
  expect(await copies.list()).toEqual(['20261103T023000Z', '20261104T023000Z', '20261120T023000Z']);
  const later = new Date(day(1).getTime() + 400 * 86_400_000);
  expect(await copies.prune(14, later)).toEqual([]);
});

test('an empty file is refused: it is a copy of nothing', async () => {
  await writeFile(join(folder, 'copy'), '');
  await expect(runBackup(config('redis'), day(1))).rejects.toThrow('is empty');
});

test('a bucket is opened with the key that lies in the files, and says who does not answer', async () => {
  const secrets = join(folder, 'secrets');
  await mkdir(secrets);
  await writeFile(join(secrets, 's3-access-key'), 'access\n');
  await writeFile(join(secrets, 's3-secret-key'), 'secret-key\n');
  await writeFile(join(folder, 'copy'), 'x');
  const bucket = config('redis', {
    BELLOWS_STORE: 'http://127.0.0.1:1/copies',
    BELLOWS_SECRETS_DIR: secrets,
  });
  await expect(runBackup(bucket, day(1))).rejects.toThrow('http://127.0.0.1:1/copies/backups/redis');
});
