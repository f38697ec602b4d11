import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as z from 'zod';

type Env = Readonly<Record<string, string | undefined>>;

/** Where somebody has signed in: by the api's origin, one token each. */
export const loginsSchema = z.object({
  /** The api that commands speak to where nothing else is said: the last that was signed in at. */
  current: z.string().optional(),
  logins: z.record(z.string(), z.object({ token: z.string(), expiresAt: z.int() })),
});
export type Logins = z.infer<typeof loginsSchema>;

/** Of the user, not of a data folder: a token opens an api somewhere else. */
export function toLoginsFile(env: Env): string {
  return join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'bellows', 'logins.json');
}

/** None where there is no file, or one that is none of ours. */
export async function readLogins(env: Env): Promise<Logins> {
  try {
    return loginsSchema.parse(JSON.parse(await readFile(toLoginsFile(env), 'utf8')));
  } catch {
    return { logins: {} };
  }
}

/** Whole or not at all, and for nobody else to read. */
export async function writeLogins(env: Env, logins: Logins): Promise<void> {
  const file = toLoginsFile(env);
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  try {
    await writeFile(draft, `${JSON.stringify(logins, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}
