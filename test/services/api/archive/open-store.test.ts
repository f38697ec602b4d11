import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openStore } from '../../../../services/api/archive/open-store.ts';
import { apiConfigSchema } from '../../../../services/api/config.ts';
import { readSecrets } from '../../../../services/core/access/index.ts';
import { StoreError } from '../../../../services/core/store/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-open-store-'));
});
afterEach(() => rm(folder, { recursive: true }));

const toConfig = (BELLOWS_STORE?: string) =>
  apiConfigSchema.parse({ BELLOWS_SECRETS_DIR: folder, BELLOWS_STORE });
const open = async (place?: string) => openStore(toConfig(place), await readSecrets(folder));

test('the setting names a folder, a bucket, or nothing', async () => {
  expect(await open()).toBeUndefined();
  expect((await open(join(folder, 'store')))?.name).toBe(`folder ${join(folder, 'store')}`);
  await writeFile(join(folder, 's3-access-key'), 'AKIAEXAMPLE\n', { mode: 0o600 });
  await writeFile(join(folder, 's3-secret-key'), 'of-the-test\n', { mode: 0o600 });
  expect((await open('https://s3.example.org/logs'))?.name).toBe('bucket at https://s3.example.org/logs');
});

test('a bucket without its key, and a folder that cannot be made, are refused by name', async () => {
  await expect(open('https://s3.example.org/logs')).rejects.toThrow('s3-access-key and s3-secret-key');
  await writeFile(join(folder, 'file'), '');
  await expect(open(join(folder, 'file', 'store'))).rejects.toThrow(StoreError);
});

test.each([
  'relative',
  'https://s3.example.org',
  's3://bucket',
  'https://key:secret@s3.example.org/logs',
  '/',
])('%j is no store', (place) =>
  expect(() => toConfig(place)).toThrow('expected /a/folder or https://endpoint/bucket'),
);
