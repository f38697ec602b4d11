import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';

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

/**
 * `BELLOWS_URL` and `BELLOWS_TOKEN`, or what `up` wrote.
 *
 * @throws AddressError, which never holds the token.
 */
export async function readAddress(env: Readonly<Record<string, string | undefined>>): Promise<Address> {
  const { BELLOWS_URL: api, BELLOWS_TOKEN: token } = env;
  // One of them alone would send a token to the wrong place, or none to the right one.
  if ((api === undefined) !== (token === undefined))
    throw new AddressError('Set BELLOWS_URL and BELLOWS_TOKEN both, or neither.');
  if (api !== undefined) {
    const given = addressSchema.safeParse({ api, token });
    if (given.success) return given.data;
    throw new AddressError(`BELLOWS_URL is "${api}"; expected an address such as http://127.0.0.1:7440.`);
  }
  const file = join(toDataFolder(env), 'client.json');
  try {
    return addressSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new AddressError(
      `No Bellows found (${file} cannot be read). Start it with ./bellows up, or set BELLOWS_URL and BELLOWS_TOKEN.`,
      { cause },
    );
  }
}
