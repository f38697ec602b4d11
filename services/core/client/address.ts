import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { readLogins } from './logins.ts';

/** Where the api is and who asks. `up` writes it (mode 0600) into the data folder as `client.json`. */
export const addressSchema = z.object({ api: z.url(), git: z.url().optional(), token: z.string() });
export type Address = z.infer<typeof addressSchema>;

export class AddressError extends Error {
  override name = 'AddressError';
}

/** The data folder of the single-machine edition: `BELLOWS_DATA`, or the XDG data folder. */
export function toDataFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env.BELLOWS_DATA ?? join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'bellows');
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * `BELLOWS_URL` and `BELLOWS_TOKEN`; with `BELLOWS_URL` alone, what is known of that api; else the api that
 * was signed in at last; else what `up` wrote. `BELLOWS_DATA` asks for the latter.
 *
 * @throws AddressError, which never holds the token.
 */
export async function readAddress(env: Env): Promise<Address> {
  const { BELLOWS_URL: api, BELLOWS_TOKEN: token } = env;
  if (api === undefined && token !== undefined)
    throw new AddressError('Set BELLOWS_URL and BELLOWS_TOKEN both, or neither.');
  if (api === undefined) return (await readCurrentLogin(env)) ?? (await readLocal(env));
  if (!z.url().safeParse(api).success)
    throw new AddressError(`BELLOWS_URL is "${api}"; expected an address such as http://127.0.0.1:7440.`);
  return token === undefined ? readKnown(env, api) : { api, token };
}

async function readCurrentLogin(env: Env): Promise<Address | undefined> {
  if (env.BELLOWS_DATA !== undefined) return undefined;
  const { current, logins } = await readLogins(env);
  const login = current === undefined ? undefined : logins[current];
  return current === undefined || login === undefined ? undefined : { api: current, token: login.token };
}

/** A token goes to the api that it is of, and nowhere else. */
async function readKnown(env: Env, api: string): Promise<Address> {
  const { origin } = new URL(api);
  const login = (await readLogins(env)).logins[origin];
  if (login !== undefined) return { api, token: login.token };
  const local = await readLocal(env).catch(() => undefined);
  if (local !== undefined && new URL(local.api).origin === origin) return local;
  throw new AddressError(
    `No token for ${origin} is known: ./bellows login --url ${origin}, or set BELLOWS_URL and BELLOWS_TOKEN both, or neither.`,
  );
}

async function readLocal(env: Env): Promise<Address> {
  const file = join(toDataFolder(env), 'client.json');
  try {
    return addressSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new AddressError(
      `No Bellows found (${file} cannot be read). Start it with ./bellows up, sign in with ./bellows login --url <address>, or set BELLOWS_URL and BELLOWS_TOKEN.`,
      { cause },
    );
  }
}
