import { type Automaton, createAutomaton } from './automaton.ts';
import { isMaskable, toPatterns } from './encodings.ts';

/** What stands in place of a secret. */
export const replacement = '***';

export interface Mask {
  /** For one stream of bytes, however they are cut. */
  stream(): MaskStream;
  /** For a text that is whole: a name, a reason. */
  text(text: string): string;
}

export interface MaskStream {
  /** What can be told now. Held back is only an end that a secret begins with, 255 bytes at most. */
  write(bytes: Uint8Array): Uint8Array;
  /** The rest; afterwards the stream begins anew. */
  end(): Uint8Array;
}

/**
 * @param secrets values by name
 * @returns the mask, and the names of the secrets that are too short to be masked
 */
export function createMask(secrets: ReadonlyMap<string, string>): { mask: Mask; short: string[] } {
  const patterns = new Set<string>();
  const short: string[] = [];
  for (const [name, value] of secrets) {
    if (!isMaskable(value)) short.push(name);
    else for (const pattern of toPatterns(value)) patterns.add(pattern);
  }
  const automaton = createAutomaton(patterns);
  const stream = () => createStream(automaton);
  return {
    mask: {
      stream,
      text: (text) => {
        const own = stream();
        return Buffer.concat([own.write(Buffer.from(text)), own.end()]).toString();
      },
    },
    short,
  };
}

const stars = Buffer.from(replacement);

interface Cover {
  start: number;
  end: number;
}

/**
 * Everything that any pattern covers is replaced, so that neither a shorter nor an overlapping one leaves
 * the end of another behind. Positions count from the beginning of the stream.
 */
function createStream(automaton: Automaton): MaskStream {
  const { first } = automaton;
  let state = 0;
  let read = 0;
  let told = 0;
  /** Apart from each other, in order; the first may have been told in part. */
  let covers: Cover[] = [];
  let isBegun = false;
  let out = Buffer.alloc(0);
  let length = 0;

  const cover = (start: number, end: number) => {
    let from = start;
    for (let last = covers.at(-1); last !== undefined && last.end >= from; last = covers.at(-1)) {
      from = Math.min(from, last.start);
      covers.pop();
    }
    covers.push({ start: from, end });
  };

  /** Up to a position that no match to come can reach back to. */
  const tell = (until: number, held: Uint8Array, last: number) => {
    const begin = told;
    const lastAt = read - 1;
    while (told < until) {
      const [first] = covers;
      if (first === undefined || told < first.start) {
        out[length++] = told === lastAt && last >= 0 ? last : (held[told - begin] ?? 0);
        told += 1;
        continue;
      }
      if (!isBegun) length += stars.copy(out, length);
      told = Math.min(first.end, until);
      isBegun = told < first.end;
      if (!isBegun) covers.shift();
    }
  };

  return {
    write(bytes) {
      // A secret is longer than what replaces it, but the one that is begun last may be cut here.
      out = Buffer.allocUnsafe(read - told + bytes.length + stars.length);
      length = 0;
      for (const byte of bytes) {
        if (state === 0 && first[byte] === 0) {
          // Most of a log: nothing is held back, nothing begins.
          out[length++] = byte;
          read += 1;
          told = read;
          continue;
        }
        const before = state;
        state = automaton.step(before, byte);
        read += 1;
        const found = automaton.match(state);
        if (found > 0) cover(read - found, read);
        const until = read - automaton.depth(state);
        if (until > told) tell(until, automaton.text(before), byte);
      }
      return out.subarray(0, length);
    },
    end() {
      out = Buffer.allocUnsafe(read - told + stars.length);
      length = 0;
      tell(read, automaton.text(state), -1);
      [state, read, told, covers, isBegun] = [0, 0, 0, [], false];
      return out.subarray(0, length);
    },
  };
}
