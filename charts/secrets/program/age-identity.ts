const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const prefix = 'age-secret-key-';

/** 32 random bytes as an age identity (X25519): Bech32 (BIP 173) in capitals. */
export function toAgeIdentity(bytes: Uint8Array): string {
  const words = toWords(bytes);
  const letters = [...words, ...toChecksum(words)].map((word) => alphabet.charAt(word));
  return `${prefix}1${letters.join('')}`.toUpperCase();
}

/** Five bits each, the last one filled with zeros. */
function toWords(bytes: Uint8Array): number[] {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((word) => Number.parseInt(word.padEnd(5, '0'), 2));
}

function toChecksum(words: readonly number[]): number[] {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  const expanded = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
  const rest = toRest([...expanded, ...words, 0, 0, 0, 0, 0, 0]) ^ 1;
  return [25, 20, 15, 10, 5, 0].map((shift) => (rest >> shift) & 31);
}

function toRest(words: readonly number[]): number {
  const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let rest = 1;
  for (const word of words) {
    const top = rest >> 25;
    rest = ((rest & 0x1ffffff) << 5) ^ word;
    for (const [at, term] of generator.entries()) if ((top >> at) & 1) rest ^= term;
  }
  return rest;
}
