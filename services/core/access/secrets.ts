import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Forge, forges } from '../job/index.ts';
import { secretsKeyPattern } from './secrets-key.ts';
import { hashToken } from './token.ts';

export class SecretError extends Error {
  override name = 'SecretError';
}

/** What a program is trusted with. Tokens that others send are kept as sha256 only. */
export interface Secrets {
  /** sha256 of the tokens, hex. A role whose file is missing is nobody's. */
  roles: { [role in 'admin' | 'launcher' | 'metrics']?: string | undefined };
  /** At most two for each forge: the one in use, and the one before while it is being replaced. */
  webhooks: Readonly<Record<Forge, readonly string[]>>;
  /** Tokens with which a forge's API is asked: statuses, commits, open pull requests. */
  forges?: { readonly [forge in Exclude<Forge, 'local'>]?: string | undefined };
  /** The private key of a GitHub App, in place of GitHub's token. */
  githubAppKey?: KeyObject | undefined;
  /** Signs what lets an agent clone. */
  cloneKey?: string | undefined;
  redisPassword?: string | undefined;
  /** age identities that seal the repositories' secrets, the newest first; without one there are none. */
  secretsKeys?: readonly [string, ...string[]] | undefined;
  /** Of the identity provider. */
  oidcClientSecret?: string | undefined;
  /** The key of an S3-compatible store, where there is one. */
  s3?: { accessKey: string; secretKey: string } | undefined;
  /** Files that every user of the machine may read: to be said, and to be mended. */
  exposed: readonly string[];
}

/**
 * Reads a folder of secrets, one in a file; a missing file is a missing secret.
 *
 * @throws SecretError naming the file, never its content.
 */
export async function readSecrets(folder: string): Promise<Secrets> {
  const exposed: string[] = [];
  const read = async (name: string, most: number, shortest = 32): Promise<string[]> => {
    const file = join(folder, name);
    const lines = await readLines(file);
    if (lines.length > most)
      throw new SecretError(`${file} has ${lines.length} lines, expected at most ${most}.`);
    const short = lines.find((line) => line.length < shortest);
    if (short !== undefined)
      throw new SecretError(`${file} holds less than ${shortest} characters; make a longer one.`);
    if (lines.length > 0 && ((await stat(file)).mode & 0o007) !== 0) exposed.push(file);
    return lines;
  };
  const readHash = async (name: string) => {
    const [token] = await read(name, 1);
    return token === undefined ? undefined : hashToken(token);
  };
  const [sealing, ...older] = await read('secrets-key', 2);
  for (const line of sealing === undefined ? [] : [sealing, ...older])
    if (!secretsKeyPattern.test(line))
      throw new SecretError(
        `${join(folder, 'secrets-key')} holds a line that is no age identity (AGE-SECRET-KEY-1…): make one with age-keygen. What an older line has sealed must be set anew.`,
      );
  const webhooks = { local: [], gitea: [], github: [] } as Record<Forge, string[]>;
  for (const forge of forges) webhooks[forge] = await read(`webhook-${forge}`, 2);
  // Others make these, and some make short ones.
  const [accessKey] = await read('s3-access-key', 1, 3);
  const [secretKey] = await read('s3-secret-key', 1, 8);
  return {
    roles: {
      admin: await readHash('admin-token'),
      launcher: await readHash('launcher-token'),
      metrics: await readHash('metrics-token'),
    },
    webhooks,
    forges: { gitea: (await read('forge-gitea', 1))[0], github: (await read('forge-github', 1))[0] },
    githubAppKey: toRsaKey(join(folder, 'github-app-key'), await read('github-app-key', 200, 1)),
    cloneKey: (await read('clone-key', 1))[0],
    redisPassword: (await read('redis-password', 1))[0],
    secretsKeys: sealing === undefined ? undefined : [sealing, ...older],
    oidcClientSecret: (await read('oidc-client-secret', 1))[0],
    s3: accessKey === undefined || secretKey === undefined ? undefined : { accessKey, secretKey },
    exposed,
  };
}

function toRsaKey(file: string, lines: readonly string[]): KeyObject | undefined {
  if (lines.length === 0) return undefined;
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(lines.join('\n'));
  } catch {
    // What it says may show a part of the file.
  }
  if (key?.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return key;
  throw new SecretError(
    `${file} holds no RSA private key of 2048 or more bits in PEM; generate one in the settings of the App.`,
  );
}

async function readLines(file: string): Promise<string[]> {
  try {
    const text = await readFile(file, 'utf8');
    return (
      text
        .split('\n')
        .map((line) => line.trim())
        // `age-keygen` writes comments above its line.
        .filter((line) => line !== '' && !line.startsWith('# '))
    );
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw new SecretError(`${file} cannot be read.`, { cause });
  }
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
