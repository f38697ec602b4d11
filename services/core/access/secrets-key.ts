import { randomBytes } from 'node:crypto';
import { bech32 } from '@scure/base';

/** An age identity (age-encryption.org/v1, X25519), as `age-keygen` makes them: what `secrets-key` holds. */
export function createSecretsKey(): string {
  return bech32.encodeFromBytes('AGE-SECRET-KEY-', randomBytes(32)).toUpperCase();
}

/** X25519, and the hybrid ones that withstand a quantum computer (`age-keygen -pq`). */
export const secretsKeyPattern = /^AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{58,}$/;
