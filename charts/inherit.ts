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
  const resolve = (name: string, way: readonly string[]): unknown => {
    const own = clusters[name];
    if (!isTree(own) || own.extends === undefined) return own;
    const { extends: base, ...rest } = own;
    const path = ['clusters', name, 'extends'];
    if (typeof base !== 'string' || !(base in clusters)) {
      const known = Object.keys(clusters).filter((other) => other !== name);
      problems.push({
        path,
        message: `clusters.${name}.extends is ${JSON.stringify(base)}; expected another cluster${known.length === 0 ? '' : `: ${known.join(', ')}`}`,
      });
      return rest;
    }
    if (way.includes(base)) {
      problems.push({ path, message: `these clusters extend each other: ${[...way, base].join(', ')}` });
      return rest;
    }
    return join(resolve(base, [...way, base]), rest);
  };
  const resolved = Object.fromEntries(Object.keys(clusters).map((name) => [name, resolve(name, [name])]));
  return { value: { ...platform, clusters: resolved }, problems };
}

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
