import type { Built } from '../../constructs/unit.ts';
import type { Platform } from '../../platform.ts';
import { toWorld } from '../world.ts';

/** A setting of platform.yaml, and what hangs on it. */
export interface Influence {
  /** `['clusters', 'home', 'pools', 'amd64-m', 'max']` */
  readonly path: readonly string[];
  readonly value: unknown;
  /** Whether the object is there at all because of it. */
  readonly makes: boolean;
}

/**
 * The settings that an object of a cluster hangs on, found by trying: each is changed a little, or taken away, and
 * the cluster is made again. No chart has to say what it reads, and none can say it wrongly.
 *
 * @param id `Deployment ci/api`
 * @param build what makes a platform; it is called some dozens of times
 */
export function findInfluences(
  platform: Platform,
  cluster: string,
  id: string,
  build: (platform: Platform) => readonly Built[],
): Influence[] {
  const one = { ...platform, clusters: { [cluster]: platform.clusters[cluster] } } as Platform;
  const now = textOf(build(one), id);
  return places({ source: one.source, clusters: one.clusters }, []).flatMap(({ path, value, tries }) => {
    for (const attempt of tries) {
      const changed = structuredClone(one);
      put(changed, path, attempt);
      const then = attempted(() => textOf(build(changed), id));
      if (then === undefined || then.text === now.text) continue;
      return [{ path, value, makes: then.text === '' }];
    }
    return [];
  });
}

interface Place {
  readonly path: readonly string[];
  readonly value: unknown;
  /** Other values that it could have; undefined: it is not there. */
  readonly tries: readonly unknown[];
}

/** Every value of the platform file, from the outside to the inside; of defaults, too. */
function places(value: unknown, path: readonly string[]): Place[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const own = path.length > 2 ? [{ path, value, tries: [undefined] }] : [];
    return [...own, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
  }
  return value === undefined ? [] : [{ path, value, tries: [...others(value), undefined] }];
}

function others(value: unknown): unknown[] {
  if (typeof value === 'number') return [value + 1];
  if (typeof value === 'boolean') return [!value];
  if (Array.isArray(value)) return [value.slice(0, -1), [...value, ...value]];
  if (typeof value !== 'string') return [];
  // A number within, as of a size or an address; else another name.
  const raised = value.replace(/\d+/, (digits) => String(Number(digits) + 1));
  return [...(raised === value ? [] : [raised]), `${value}x`];
}

function put(platform: Platform, path: readonly string[], value: unknown): void {
  const inner = path
    .slice(0, -1)
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], platform);
  const last = path.at(-1) ?? '';
  if (value === undefined) delete (inner as Record<string, unknown>)[last];
  else (inner as Record<string, unknown>)[last] = value;
}

/** Empty for an object that is not there. */
function textOf(clusters: readonly Built[], id: string): { text: string } {
  const [built] = clusters;
  const found = built === undefined ? undefined : toWorld(built).find(id);
  return { text: found === undefined ? '' : JSON.stringify(found.object) };
}

/** What nobody may set makes the charts fail, and says nothing. */
function attempted<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
