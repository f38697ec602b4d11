import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** Bytes that only who has the key can read, and nobody can move to another place. */
export interface Sealed {
  /** Names the key that opens it. */
  key: string;
  /** Nonce (12 bytes), tag (16), ciphertext; base64. */
  data: string;
}

export interface Sealer {
  /** @param place what it belongs to; it opens with the very same only. */
  seal(text: string, place: readonly string[]): Sealed;
  /** @throws SealError */
  open(sealed: Sealed, place: readonly string[]): string;
  /** True where an older key sealed it. */
  isOld(sealed: Sealed): boolean;
}

export class SealError extends Error {
  override name = 'SealError';
}

const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM (NIST SP 800-38D) with random nonces; each key is derived from a line of the key file.
 *
 * @param lines the first one seals, all open: so a key is replaced
 */
export function createSealer(lines: readonly [string, ...string[]]): Sealer {
  const keys = new Map(lines.map((line) => [toKeyName(line), toKey(line)]));
  const newest = toKeyName(lines[0]);
  const toKeyOf = (name: string) => {
    const key = keys.get(name);
    if (key !== undefined) return key;
    throw new SealError(
      `It was sealed with the key ${name}, which is not in secrets-key: put that line back below the newest, or set the secret anew.`,
    );
  };
  return {
    seal: (text, place) => {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', toKeyOf(newest), nonce).setAAD(toPlace(place));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return { key: newest, data: Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64') };
    },
    open: ({ key, data }, place) => {
      const bytes = Buffer.from(data, 'base64');
      const nonce = bytes.subarray(0, nonceBytes);
      const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes);
      const own = toKeyOf(key);
      try {
        const decipher = createDecipheriv('aes-256-gcm', own, nonce, { authTagLength: tagBytes });
        decipher.setAAD(toPlace(place)).setAuthTag(tag);
        const text = decipher.update(bytes.subarray(nonceBytes + tagBytes));
        return Buffer.concat([text, decipher.final()]).toString();
      } catch (cause) {
        throw new SealError('It was changed, or moved from another place: set the secret anew.', { cause });
      }
    },
    isOld: ({ key }) => key !== newest,
  };
}

/** One JSON array, so that no two places have the same text. */
function toPlace(place: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(place));
}

function toKey(line: string): Buffer {
  return Buffer.from(hkdfSync('sha256', line, '', 'bellows repository secrets', 32));
}

function toKeyName(line: string): string {
  return createHash('sha256').update(`name of ${line}`).digest('hex').slice(0, 8);
}
