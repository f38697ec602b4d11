import { createHash } from 'node:crypto';
import * as z from 'zod';

/** Text that only who has the key can read, and nobody can move to another place. */
export interface Sealed {
  /** Names the identity that opens it. */
  key: string;
  /** An age file (age-encryption.org/v1), in base64. */
  data: string;
}

export interface Sealer {
  /** @param place what it belongs to; it opens with the very same only. @throws SealError */
  seal(text: string, place: readonly string[]): Promise<Sealed>;
  /** @throws SealError */
  open(sealed: Sealed, place: readonly string[]): Promise<string>;
  /** True where an older key sealed it. */
  isOld(sealed: Sealed): boolean;
}

export class SealError extends Error {
  override name = 'SealError';
}

const contentSchema = z.object({ place: z.array(z.string()), text: z.string() });

/**
 * Seals with age, to the recipient of the first identity. What is sealed says where it belongs; who can write to
 * Redis knows no recipient, since none is ever written down, and so can make nothing that opens.
 *
 * @param identities the lines of the key file: the first one seals, all open: so a key is replaced
 */
export function createSealer(identities: readonly [string, ...string[]]): Sealer {
  const byName = new Map(identities.map((identity) => [toKeyName(identity), identity]));
  const newest = toKeyName(identities[0]);
  const known = (name: string) => {
    const identity = byName.get(name);
    if (identity !== undefined) return identity;
    throw new SealError(
      `It was sealed with the key ${name}, which is not in secrets-key: put that line back below the newest, or set the secret anew.`,
    );
  };
  return {
    seal: async (text, place) => {
      const { Encrypter, identityToRecipient } = await import('age-encryption');
      const encrypter = new Encrypter();
      try {
        encrypter.addRecipient(await identityToRecipient(identities[0]));
      } catch (cause) {
        throw new SealError('The first line of secrets-key is no age identity.', { cause });
      }
      const sealed = await encrypter.encrypt(JSON.stringify({ place, text }));
      return { key: newest, data: Buffer.from(sealed).toString('base64') };
    },
    open: async ({ key, data }, place) => {
      const identity = known(key);
      const { Decrypter } = await import('age-encryption');
      const { place: own, text } = await decrypt();
      if (JSON.stringify(own) === JSON.stringify(place)) return text;
      throw new SealError('It was changed, or moved from another place: set the secret anew.');

      async function decrypt(): Promise<z.infer<typeof contentSchema>> {
        try {
          const decrypter = new Decrypter();
          decrypter.addIdentity(identity);
          const opened = await decrypter.decrypt(Buffer.from(data, 'base64'), 'text');
          return contentSchema.parse(JSON.parse(opened));
        } catch (cause) {
          throw new SealError('It was changed, or is not whole: set the secret anew.', { cause });
        }
      }
    },
    isOld: ({ key }) => key !== newest,
  };
}

function toKeyName(identity: string): string {
  return createHash('sha256').update(`name of ${identity}`).digest('hex').slice(0, 8);
}
