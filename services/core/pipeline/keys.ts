/** Where a key may stand. */
export type Place = 'at the top' | 'in step' | 'as a value' | 'in when' | 'in branch';

/**
 * Keys of Woodpecker v3 that are not understood yet, and what the author can do meanwhile. They are
 * refused: a key that is ignored runs something other than what was written.
 */
const later: Readonly<Record<Place, Readonly<Record<string, string | undefined>>>> = {
  'at the top': {
    variables: 'write the values where they are used',
    clone: undefined,
    skip_clone: undefined,
    services: 'services need a container engine; start what you need in a step',
    workspace: undefined,
    matrix: 'write one workflow file for each entry',
    labels: undefined,
    depends_on: undefined,
    runs_on: undefined,
    concurrency: undefined,
  },
  'in step': {
    pull: undefined,
    entrypoint: 'an entrypoint needs a container engine; use commands',
    settings: 'a plugin step needs a container engine; use commands',
    depends_on: 'steps run in the order of the file',
    detach: undefined,
    volumes: 'volumes need a container engine',
    privileged: 'no step runs privileged',
    backend_options: undefined,
    dns: undefined,
    dns_search: undefined,
    tmpfs: undefined,
    network_mode: undefined,
    extra_hosts: undefined,
    devices: undefined,
    ports: undefined,
    secrets: 'name each where it is used: environment: { TOKEN: { from_secret: token } }',
    group: undefined,
  },
  'as a value': {},
  'in when': {
    path: undefined,
    ref: undefined,
    repo: undefined,
    status: undefined,
    matrix: undefined,
    cron: undefined,
    evaluate: undefined,
    instance: undefined,
    platform: undefined,
    local: undefined,
  },
  'in branch': {},
};

export const known: Readonly<Record<Place, readonly string[]>> = {
  'at the top': ['steps', 'when'],
  'in step': ['name', 'image', 'commands', 'environment', 'directory', 'failure', 'when'],
  'as a value': ['from_secret'],
  'in when': ['branch', 'event'],
  'in branch': ['include', 'exclude'],
};

/** What to say of a key that cannot stand here. */
export function explainKey(key: string, place: Place): { problem: string; hint?: string } {
  const name = JSON.stringify(key.length > 60 ? `${key.slice(0, 57)}...` : key);
  const expected = known[place].join(', ');
  if (Object.hasOwn(later[place], key))
    return {
      problem: `${name} ${place} is not supported yet`,
      hint: later[place][key] ?? `known ${place}: ${expected}`,
    };
  const problem = `unknown key ${name} ${place}`;
  const elsewhere = (Object.keys(known) as Place[]).find(
    (other) => known[other].includes(key) || Object.hasOwn(later[other], key),
  );
  if (elsewhere !== undefined) return { problem, hint: `it belongs ${elsewhere}` };
  const nearest = toNearest(key, [...known[place], ...Object.keys(later[place])]);
  return {
    problem,
    hint: nearest === undefined ? `expected ${expected}` : `did you mean ${JSON.stringify(nearest)}?`,
  };
}

/** The one of `words` that a slip of the finger leads from, if any is near enough. */
export function toNearest(given: string, words: readonly string[]): string | undefined {
  if (given.length > 40) return undefined;
  const [best] = words
    .map((word) => ({ word, distance: toDistance(given.toLowerCase(), word) }))
    .sort((left, right) => left.distance - right.distance);
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.word.length / 3))
    ? best.word
    : undefined;
}

/** How many letters have to be added, removed, changed or swapped with the next one. */
function toDistance(left: string, right: string): number {
  const rows: number[][] = Array.from({ length: left.length + 1 }, (_, i) =>
    Array.from({ length: right.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= left.length; i += 1) {
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      let cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1])
        cost = Math.min(cost, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = cost;
    }
  }
  return at(left.length, right.length);
}
