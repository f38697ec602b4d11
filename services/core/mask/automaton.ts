/**
 * Finds many patterns in one pass (Aho and Corasick, 1975). A state is a number, 0 the first: it stands for
 * the longest end of what was read that some pattern begins with.
 */
export interface Automaton {
  states: number;
  step(state: number, byte: number): number;
  /** By byte: where the first state goes. */
  first: Int32Array;
  /** Bytes of the text that the state stands for. */
  depth(state: number): number;
  /** That text, and more after it. */
  text(state: number): Uint8Array;
  /** Bytes of the longest pattern that ends here; 0 where none does. */
  match(state: number): number;
}

/** @param patterns bytes in latin1 strings, none empty */
export function createAutomaton(patterns: Iterable<string>): Automaton {
  const texts = [...patterns].map((pattern) => Buffer.from(pattern, 'latin1'));
  const most = texts.reduce((sum, text) => sum + text.length, 1);
  const depths = new Uint16Array(most);
  const owners = new Int32Array(most);
  const matches = new Uint16Array(most);
  const fallbacks = new Int32Array(most);
  const parents = new Int32Array(most);
  const edges = createEdges(most);

  let states = 1;
  for (const [owner, text] of texts.entries()) {
    let state = 0;
    for (const byte of text) {
      let next = edges.get(state, byte);
      if (next < 0) {
        next = states++;
        edges.set(state, byte, next);
        depths[next] = at(depths, state) + 1;
        owners[next] = owner;
        parents[next] = state;
      }
      state = next;
    }
    matches[state] = text.length;
  }

  const text = (state: number): Uint8Array => texts[at(owners, state)] ?? new Uint8Array();
  const first = Int32Array.from({ length: 256 }, (_, byte) => Math.max(0, edges.get(0, byte)));
  const step = (from: number, byte: number): number => {
    for (let state = from; state !== 0; state = at(fallbacks, state)) {
      const next = edges.get(state, byte);
      if (next >= 0) return next;
    }
    return at(first, byte);
  };

  // What a state falls back to is shorter, so the short ones come first.
  const order = toOrder(depths.subarray(0, states));
  for (const state of order) {
    const parent = at(parents, state);
    const byte = text(state)[at(depths, state) - 1] ?? 0;
    fallbacks[state] = parent === 0 ? 0 : step(at(fallbacks, parent), byte);
    if (matches[state] === 0) matches[state] = at(matches, at(fallbacks, state));
  }

  return {
    states,
    first,
    step,
    depth: (state) => at(depths, state),
    text,
    match: (state) => at(matches, state),
  };
}

/** The states but the first, by depth: counted, since a comparison for each pair is too slow for a million. */
function toOrder(depths: Uint16Array): Int32Array {
  const places = new Int32Array(65_537);
  for (const depth of depths) places[depth + 1] = at(places, depth + 1) + 1;
  for (let depth = 1; depth < places.length; depth++)
    places[depth] = at(places, depth) + at(places, depth - 1);
  const order = new Int32Array(depths.length);
  for (const [state, depth] of depths.entries()) {
    order[at(places, depth)] = state;
    places[depth] = at(places, depth) + 1;
  }
  return order.subarray(1);
}

/** A hash table with open addresses: a few bytes an edge, where 256 for each state would be a gigabyte. */
function createEdges(most: number) {
  const size = 2 ** Math.ceil(Math.log2(most * 2 + 2));
  const keys = new Int32Array(size).fill(-1);
  const values = new Int32Array(size);
  const find = (key: number): number => {
    let place = (Math.imul(key, 0x9e3779b1) >>> 7) & (size - 1);
    while (keys[place] !== -1 && keys[place] !== key) place = (place + 1) & (size - 1);
    return place;
  };
  return {
    get: (state: number, byte: number): number => {
      const place = find(state * 256 + byte);
      return keys[place] === -1 ? -1 : at(values, place);
    },
    set: (state: number, byte: number, next: number): void => {
      const place = find(state * 256 + byte);
      keys[place] = state * 256 + byte;
      values[place] = next;
    },
  };
}

function at(numbers: Int32Array | Uint16Array, index: number): number {
  return numbers[index] as number;
}
