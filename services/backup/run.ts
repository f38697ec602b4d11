import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openFolderStore, openS3Store, type Store } from '../core/store/index.ts';
import type { BackupConfig } from './config.ts';
import { createCopies } from './copies.ts';

/** Puts one copy away and takes old ones out, or brings one back. @returns what to say of it, a line each */
export async function runBackup(config: BackupConfig, now: Date): Promise<string[]> {
  const { BELLOWS_BACKUP: what, BELLOWS_BACKUP_FILE: file, BELLOWS_BACKUP_RESTORE: restore } = config;
  const copies = createCopies(await openStore(config), what);
  if (restore !== undefined)
    return [`${what} of ${await copies.bringBack(restore, file)} is back, in ${file}`];
  const time = await copies.put(file, now);
  const gone = await copies.prune(config.BELLOWS_BACKUP_DAYS, now);
  return [`${what} of ${time} is put away`, ...gone.map((old) => `${what} of ${old} was old, and is gone`)];
}

async function openStore(config: BackupConfig): Promise<Store> {
  if (config.BELLOWS_STORE.startsWith('/')) return openFolderStore(config.BELLOWS_STORE);
  const read = async (name: string) =>
    (await readFile(join(config.BELLOWS_SECRETS_DIR ?? '/run/secrets', name), 'utf8')).trim();
  return openS3Store({
    url: config.BELLOWS_STORE,
    region: config.BELLOWS_STORE_REGION,
    accessKey: await read('s3-access-key'),
    secretKey: await read('s3-secret-key'),
    timeoutMs: 120_000,
  });
}
