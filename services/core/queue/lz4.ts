/** A text to few bytes and back. */
export interface Codec {
  /** @throws RangeError where the text has more than `most` bytes */
  pack(text: string): Buffer;
  /** @throws RangeError where these are not the bytes of a text of at most `most` bytes */
  unpack(bytes: Uint8Array): string;
}

const hashBits = 10;
const shortestMatch = 4;
const farthest = 0xffff;
/** The block format wants the last match to begin 12 bytes, and to end 5 bytes, before the end. */
const lastBegin = 12;
const lastEnd = 5;

/**
 * The LZ4 block format (github.com/lz4/lz4, doc/lz4_Block_format.md) with a dictionary before the first byte.
 *
 * For what is a kilobyte long and on the path of every push: setting zlib up for one text, and collecting it
 * afterwards, takes several times as long as this does in all.
 */
export function createLz4(dictionary: Uint8Array, most: number): Codec {
  const start = dictionary.length;
  // One text at a time, and nothing here waits: so these are made once.
  const window = Buffer.alloc(start + most);
  window.set(dictionary);
  const packed = Buffer.alloc(most + Math.ceil(most / 255) + 16);
  const known = new Int32Array(1 << hashBits).fill(-1);
  for (let i = 0; i + shortestMatch <= start; i++) known[hash(window, i)] = i;
  const seen = new Int32Array(known.length);

  const pack = (text: string): Buffer => {
    if (Buffer.byteLength(text) > most) throw new RangeError(`expected a text of at most ${most} bytes`);
    const end = start + window.write(text, start);
    seen.set(known);
    let out = 0;
    let literals = start;
    for (let i = start; i < end - lastBegin; ) {
      const at = hash(window, i);
      const match = seen[at] ?? -1;
      seen[at] = i;
      const length = match < 0 || i - match > farthest ? 0 : common(window, match, i, end - lastEnd);
      if (length < shortestMatch) {
        i++;
        continue;
      }
      out = putSequence(packed, out, window, literals, i, length);
      packed[out++] = (i - match) & 0xff;
      packed[out++] = (i - match) >> 8;
      out = putLength(packed, out, length - shortestMatch);
      i += length;
      literals = i;
    }
    out = putSequence(packed, out, window, literals, end, shortestMatch);
    return Buffer.from(packed.subarray(0, out));
  };

  const unpack = (bytes: Uint8Array): string => {
    let end = start;
    let at = 0;
    const next = () => {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError('these packed bytes end too early');
      return byte;
    };
    const readLength = (nibble: number) => {
      let length = nibble;
      if (nibble === 15) {
        let more = 255;
        while (more === 255) {
          more = next();
          length += more;
        }
      }
      if (end + length > window.length) throw new RangeError(`expected a text of at most ${most} bytes`);
      return length;
    };
    for (;;) {
      const token = next();
      for (let left = readLength(token >> 4); left > 0; left--) window[end++] = next();
      if (at === bytes.length) return window.toString('utf8', start, end);
      const distance = next() | (next() << 8);
      if (distance === 0 || distance > end)
        throw new RangeError('these packed bytes point before their text');
      // Byte by byte: a match may reach into itself.
      for (let left = readLength(token & 15) + shortestMatch; left > 0; left--, end++) {
        window[end] = window[end - distance] ?? 0;
      }
    }
  };

  return { pack, unpack };
}

function hash(bytes: Buffer, at: number): number {
  const four =
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  // Knuth's multiplicative hash: 2^32 over the golden ratio.
  return Math.imul(four, 2654435761) >>> (32 - hashBits);
}

/** How many bytes from `a` on are those from `b` on, up to `end`. */
function common(bytes: Buffer, a: number, b: number, end: number): number {
  let length = 0;
  while (b + length < end && bytes[a + length] === bytes[b + length]) length++;
  return length;
}

/** A token, and the literals between; the match follows, if there is one. */
function putSequence(
  out: Buffer,
  at: number,
  from: Buffer,
  begin: number,
  end: number,
  match: number,
): number {
  const literals = end - begin;
  out[at] = (Math.min(literals, 15) << 4) | Math.min(match - shortestMatch, 15);
  const next = putLength(out, at + 1, literals);
  from.copy(out, next, begin, end);
  return next + literals;
}

/** What of a length the token could not say. */
function putLength(out: Buffer, at: number, length: number): number {
  if (length < 15) return at;
  let rest = length - 15;
  let next = at;
  for (; rest >= 255; rest -= 255) out[next++] = 255;
  out[next++] = rest;
  return next;
}
