import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Built } from '../../constructs/unit.ts';
import { nearest } from '../../nearest.ts';
import type { Platform } from '../../platform.ts';
import { type Item, toWorld, type World } from '../world.ts';
import { type Relation, relationsOf } from './relations.ts';
import { findInfluences } from './settings.ts';

/** Where an object comes from, and what hangs on it; `--json` prints it as it is. */
export interface Explanation {
  /** `Deployment ci/api` */
  readonly object: string;
  readonly cluster: string;
  /** `dist/clusters/home/services/api.yaml` */
  readonly file: string;
  /** `services/api/exposure/service` */
  readonly construct: string;
  /** `charts/services/api.ts:60` */
  readonly source: string | undefined;
  readonly settings: readonly Setting[];
  readonly names: readonly Relation[];
  readonly namedBy: readonly Relation[];
}

export interface Setting {
  /** `clusters.home.pools.amd64-m.max` */
  readonly path: string;
  readonly value: unknown;
  /** Of the platform file; undefined for a default. */
  readonly line: number | undefined;
  /** Whether the object is there at all because of it. */
  readonly makes: boolean;
}

/** Nothing is called so. */
export class UnknownError extends Error {
  override name = 'UnknownError';
}

/** An object in a cluster. */
export interface Found {
  readonly world: World;
  readonly item: Item;
}

/**
 * The objects that are meant.
 *
 * @param wanted `Deployment ci/api`, `deployment/api`, `ci/api`, `api`, or a file of `dist/`
 * @throws UnknownError naming what comes near
 */
export function findObjects(clusters: readonly Built[], wanted: string): Found[] {
  const all = clusters.flatMap((built) => {
    const world = toWorld(built);
    return world.items.map((item) => ({ world, item }));
  });
  const file = /(?:^|\/)(clusters\/.+\.yaml)$/.exec(wanted)?.[1];
  const found = all.filter(({ item }) =>
    file === undefined ? isMeant(item, wanted) : item.rendered.path === file,
  );
  if (found.length > 0) return found;
  const near = nearest(
    wanted,
    file === undefined ? all.flatMap(({ item }) => namesOf(item)) : all.map(({ item }) => item.rendered.path),
  );
  throw new UnknownError(
    `nothing is called ${JSON.stringify(wanted)}; ${near === undefined ? 'expected an object such as "Deployment ci/api", or a file of dist/' : `did you mean ${JSON.stringify(near)}?`}`,
  );
}

function isMeant(item: Item, wanted: string): boolean {
  const words = wanted.trim().toLowerCase().replace(/\s+/g, ' ');
  return namesOf(item).some((name) => name.toLowerCase() === words);
}

/** From the fullest to the shortest. */
function namesOf({ id, object, namespace }: Item): string[] {
  const { kind, metadata } = object;
  const full = namespace === '' ? metadata.name : `${namespace}/${metadata.name}`;
  return [id, `${kind} ${metadata.name}`, `${kind}/${metadata.name}`, full, metadata.name];
}

/**
 * @param file the platform file, which says where each setting stands
 * @param build what makes a platform; it is called some dozens of times for each object
 */
export function explain(
  { world, item }: Found,
  platform: Platform,
  file: string,
  build: (platform: Platform) => readonly Built[],
): Explanation {
  const { path, construct, origin } = item.rendered;
  const lineOf = createLineOf(readFileSync(file, 'utf8'));
  const settings = findInfluences(platform, world.name, item.id, build).map(({ path, value, makes }) => ({
    path: path.join('.'),
    value,
    line: lineOf(path),
    makes,
  }));
  return {
    object: item.id,
    cluster: world.name,
    file: `dist/${path}`,
    construct,
    source: origin(),
    settings,
    ...relationsOf(world, item),
  };
}

function createLineOf(text: string): (path: readonly string[]) => number | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  return (path) => {
    const parent = document.getIn(path.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
      : undefined;
    return isScalar(pair?.key) && pair.key.range != null ? lines.linePos(pair.key.range[0]).line : undefined;
  };
}
