import { randomBytes } from 'node:crypto';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isNativeError } from 'node:util/types';
import { createSecretsKey } from '../core/access/index.ts';

/** One file each, in the folder that the api reads as `BELLOWS_SECRETS_DIR`. */
export const secretNames = [
  'admin-token',
  'launcher-token',
  'push-password',
  'webhook-local',
  'clone-key',
  'secrets-key',
  'redis-password',
] as const;
export type SecretName = (typeof secretNames)[number];
export type Secrets = Readonly<Record<SecretName, string>>;

/** Reads the secrets, and makes those that are missing, mode 0600: 32 random bytes as base64url, or an age identity. */
export async function openSecrets(folder: string): Promise<Secrets> {
  const secrets: Partial<Record<SecretName, string>> = {};
  for (const name of secretNames)
    secrets[name] = await openSecret(
      join(folder, name),
      name === 'secrets-key' ? createSecretsKey : createRandom,
    );
  return secrets as Secrets;
}

async function openSecret(file: string, create: () => string): Promise<string> {
  const found = await readSecret(file);
  if (found !== undefined) return found;
  const secret = create();
  await writeOwnFile(file, `${secret}\n`);
  return secret;
}

function createRandom(): string {
  return randomBytes(32).toString('base64url');
}

/** The first line: the newest, where a secret is being rotated. */
async function readSecret(file: string): Promise<string | undefined> {
  try {
    const [first = ''] = (await readFile(file, 'utf8')).split('\n');
    if (first.trim().length >= 32) return first.trim();
    throw new Error(`${file} holds no secret of 32 or more characters; remove it, and a new one is made`);
  } catch (error) {
    if (isNativeError(error) && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all, on disk, and never readable by another user, not even while it is written. */
export async function writeOwnFile(file: string, text: string, mode = 0o600): Promise<void> {
  const draft = `${file}.${randomBytes(4).toString('hex')}.new`;
  const handle = await open(draft, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file).catch(async (error: unknown) => {
    await unlink(draft);
    throw error;
  });
}
