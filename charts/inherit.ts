/** A place in the platform file that is wrong. */
export interface InheritProblem {
  readonly path: readonly string[];
  readonly message: string;
}

type Tree = Record<string, unknown>;

/**
 * Lets each cluster that `extends` another have its settings where it says nothing else: maps are joined key by key,
 * anything else is replaced, and `null` takes away. What is no map is left as it is, for the schema to refuse.
 */
export function inherit(platform: unknown): { value: unknown; problems: InheritProblem[] } {
  const clusters = isTree(platform) ? platform.clusters : undefined;
  if (!isTree(platform) || !isTree(clusters)) return { value: platform, problems: [] };
  const problems: InheritProblem[] = [];
  const known = new Map<string, Resolved>();
  const resolve = (name: string, way: readonly string[]): Resolved => {
    const own = clusters[name];
    if (!isTree(own) || own.extends === undefined) return { value: own, ways: 0 };
    const before = known.get(name);
    if (before !== undefined) return before;
    const { extends: base, ...rest } = own;
    const fail = (message: string): Resolved => {
      problems.push({ path: ['clusters', name, 'extends'], message });
      return { value: rest, ways: 0 };
    };
    if (typeof base !== 'string' || !Object.hasOwn(clusters, base)) {
      const others = Object.keys(clusters).filter((other) => other !== name);
      const more = others.length > mostNamed ? ', …' : '';
      const named = others.length === 0 ? '' : `: ${others.slice(0, mostNamed).join(', ')}${more}`;
      return fail(`clusters.${name}.extends is ${JSON.stringify(base)}; expected another cluster${named}`);
    }
    if (way.includes(base)) return fail(`these clusters extend each other: ${[...way, base].join(', ')}`);
    const tooFar = `more than ${mostWays} clusters extend each other in a row; expected fewer`;
    if (way.length > mostWays) return fail(tooFar);
    const from = resolve(base, [...way, base]);
    if (from.ways >= mostWays) return fail(tooFar);
    const joined = { value: join(from.value, rest), ways: from.ways + 1 };
    // What is wrong further down is wrong in another way for who comes in elsewhere.
    if (problems.length === 0) known.set(name, joined);
    return joined;
  };
  const resolved: Tree = {};
  for (const name of Object.keys(clusters)) {
    resolved[name] = resolve(name, [name]).value;
    // One after the other: thousands that extend the same wrong one would say so thousands of times.
    if (problems.length > mostNamed) break;
  }
  return { value: { ...platform, clusters: resolved }, problems };
}

interface Resolved {
  readonly value: unknown;
  /** How many clusters stand behind it. */
  readonly ways: number;
}

/** Clusters that one may stand on, one after the other. */
const mostWays = 16;
/** Of clusters, in a message, and of messages. */
const mostNamed = 20;

function join(base: unknown, own: unknown): unknown {
  if (!isTree(base) || !isTree(own)) return own;
  const joined: Tree = { ...base };
  for (const [key, value] of Object.entries(own)) {
    if (value === null) delete joined[key];
    else joined[key] = key in base ? join(base[key], value) : value;
  }
  return joined;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
