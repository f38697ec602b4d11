/** What steps have written and nobody has sent, apart from each other. */
export interface StepBuffers {
  /** Of all steps together. */
  readonly bytes: number;
  /** Those that have something, in the order in which they wrote. */
  steps(): string[];
  add(step: string, bytes: Uint8Array): void;
  /**
   * The first bytes of a step, at most so many. With `lines` an unfinished line stays for the next time, once: so
   * that what other steps write does not come to stand within it.
   */
  take(step: string, most: number, lines: boolean): Uint8Array | undefined;
  /** It writes nothing more: a last line without an end is whole. */
  end(step: string): void;
  /** @returns how many bytes there were */
  clear(): number;
}

interface Waiting {
  parts: Uint8Array[];
  bytes: number;
  /** Its last line was kept back before. */
  kept: boolean;
}

const newline = 10;

export function createStepBuffers(): StepBuffers {
  const waiting = new Map<string, Waiting>();
  let total = 0;

  /** The first bytes of a step, out of its parts. */
  const cut = (from: Waiting, count: number): Buffer => {
    const taken: Uint8Array[] = [];
    for (let room = count; room > 0; ) {
      const [first] = from.parts;
      if (first === undefined) break;
      taken.push(first.subarray(0, room));
      if (first.length > room) from.parts[0] = first.subarray(room);
      else from.parts.shift();
      room -= Math.min(room, first.length);
    }
    return Buffer.concat(taken);
  };

  return {
    get bytes() {
      return total;
    },
    steps: () => [...waiting.keys()],
    add: (step, bytes) => {
      const known = waiting.get(step) ?? { parts: [], bytes: 0, kept: false };
      known.parts.push(bytes);
      known.bytes += bytes.length;
      total += bytes.length;
      waiting.set(step, known);
    },
    take: (step, most, lines) => {
      const from = waiting.get(step);
      if (from === undefined) return undefined;
      const bytes = cut(from, most);
      const isLine = !lines || from.kept || bytes.length === most;
      const end = isLine ? bytes.length : bytes.lastIndexOf(newline) + 1;
      if (end < bytes.length) from.parts.unshift(bytes.subarray(end));
      from.kept = end < bytes.length;
      from.bytes -= end;
      total -= end;
      if (from.bytes === 0) waiting.delete(step);
      return end === 0 ? undefined : bytes.subarray(0, end);
    },
    end: (step) => {
      const known = waiting.get(step);
      if (known !== undefined) known.kept = true;
    },
    clear: () => {
      const had = total;
      waiting.clear();
      total = 0;
      return had;
    },
  };
}
