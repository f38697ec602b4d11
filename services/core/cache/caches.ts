import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CachePlan } from '../pipeline/index.ts';
import type { CacheStore, Scopes } from './cache-store.ts';
import { decodeEntry, type Entry } from './entry.ts';
import { type CacheTask, findCaches, toCacheVariables } from './find.ts';
import { toShort } from './names.ts';
import { restore } from './restore.ts';
import { type Before, save } from './save.ts';
import { createInside, type Place, scan } from './scan.ts';
import { type Manifest, readSources, restoreTimes, type Sources, toKey, toManifest } from './sources.ts';

export interface CacheOptions {
  store: CacheStore;
  /** Of the pipeline file. */
  wish: readonly CachePlan[] | 'auto' | 'off';
  scopes: Scopes;
  /** What else tells caches of one repository apart: the workflow, its matrix entry, the platform. */
  identity: readonly string[];
  workspace: { folder: string; tree: string; home: string };
  /** The same as steps see it: paths of it stand in what they make. */
  seen: { tree: string; home: string };
  /** Of the user that steps run as, where we may choose. */
  uid: number | undefined;
  /** What compiles, in words that change when it does. Asked for only where something compiled is kept. */
  toolchain(): Promise<string>;
  /** Something that a person wants to know, one line. */
  say(line: string): void;
  signal: AbortSignal;
}

export interface CacheResult {
  name: string;
  hit: 'exact' | 'older' | 'miss';
  /** As they came from the store. */
  bytes: number;
  ms: number;
}

export interface Saved {
  name: string;
  /** As they went to the store. */
  bytes: number;
  ms: number;
}

export interface SaveEnd {
  saved: readonly Saved[];
  unsaved: readonly Unsaved[];
}

export interface Unsaved {
  name: string;
  /** One line, for a person. */
  why: string;
}

export interface Caches {
  /** For each step: by them tools keep their things where we look for them. */
  variables: Readonly<Record<string, string>>;
  restored: readonly CacheResult[];
  /** Keeps what the job has made, once nothing that it started runs any more. One that fails keeps no other from it. */
  save(signal: AbortSignal): Promise<SaveEnd>;
}

/** One cache of this job: where it stands, and what was found. */
interface Held {
  task: CacheTask;
  key: string;
  identity: string;
  places: readonly Place[];
  isInside: (path: string, target: string) => boolean;
  before?: Before;
}

/** Restores what a job can use of those before it; undefined where its tree says nothing of caches. */
export async function openCaches(options: CacheOptions): Promise<Caches | undefined> {
  const { wish, workspace, seen } = options;
  const { tree } = workspace;
  const all = await readSources(tree, new Set());
  const paths = [...all.files.keys()].sort();
  const tasks = findCaches(paths, wish);
  if (tasks.length === 0) return undefined;
  const toolchain = tasks.some(({ isBuilt }) => isBuilt) ? await toToolchain(options, paths) : '';
  const holds = await Promise.all(tasks.map((task) => hold(task, options, toolchain)));
  const skipped = new Set(
    tasks.flatMap(({ roots }) => roots.flatMap(({ in: of, path }) => (of === 'tree' ? [path] : []))),
  );

  const restored: CacheResult[] = [];
  for (const [i, held] of holds.entries()) restored.push(await bring(held, options, String(i)));
  let sources: Sources = skipped.size === 0 ? all : await readSources(tree, skipped);
  let hashes: ReadonlyMap<string, string> = new Map();
  const manifests = holds.flatMap(({ task, before }) =>
    task.isTimed && before !== undefined ? [toMap(before.entry)] : [],
  );
  // Without any, too: a time has to stand in the manifest as the job saw it, and a checkout's are finer than ours.
  if (tasks.some(({ isTimed }) => isTimed))
    ({ sources, hashes } = await restoreTimes(tree, sources, manifests, Date.now() * 1000));

  return {
    variables: toCacheVariables(tasks, seen.home, hasModernYarn(tree, tasks)),
    restored,
    save: async (signal) => {
      if (options.scopes.write === undefined) return { saved: [], unsaved: [] };
      const manifest = tasks.some(({ isTimed }) => isTimed)
        ? await toManifest(tree, sources, skipped, hashes)
        : undefined;
      const saved: Saved[] = [];
      const unsaved: Unsaved[] = [];
      for (const held of holds) {
        try {
          const one = await keep(held, options, manifest, signal);
          if (one !== undefined) saved.push(one);
        } catch (error) {
          signal.throwIfAborted();
          unsaved.push({ name: held.task.name, why: toLine(error) });
        }
      }
      return { saved, unsaved };
    },
  };
}

/** Its lock file is YAML that says so of itself; a `.yarnrc.yml` need not be there. */
function hasModernYarn(tree: string, tasks: readonly CacheTask[]): boolean {
  const locks = tasks.find(({ name }) => name === 'yarn')?.keyFiles ?? [];
  return locks.some((file) => /^__metadata:/m.test(readFileSync(join(tree, file), 'utf8').slice(0, 1000)));
}

/** Of the compiler, and of the file that chooses it: a chosen one that is not there yet says nothing of itself. */
async function toToolchain(
  { toolchain, workspace: { tree } }: CacheOptions,
  paths: readonly string[],
): Promise<string> {
  const chosen = ['rust-toolchain.toml', 'rust-toolchain'].filter((name) => paths.includes(name));
  return [await toolchain(), ...chosen.map((name) => readFileSync(join(tree, name), 'utf8'))].join('\n');
}

async function hold(
  task: CacheTask,
  { workspace, seen, identity }: CacheOptions,
  toolchain: string,
): Promise<Held> {
  const { tree, home } = workspace;
  const places = task.roots.map((root) => {
    const base = root.in === 'tree' ? tree : home;
    return { base, place: join(base, root.path) };
  });
  const parts = [
    task.name,
    ...identity,
    ...task.roots.map((root) => `${root.in}/${root.path}`),
    task.isBuilt ? toolchain : '',
    task.isPlaced ? seen.tree : '',
  ];
  return {
    task,
    key: await toKey(tree, task.keyFiles),
    identity: toShort(JSON.stringify(parts)),
    places,
    isInside: createInside(places),
  };
}

/** An entry whose key is the same, of the first scope that has one; else of the first that has any. */
async function find(held: Held, { store, scopes, say }: CacheOptions): Promise<Entry | undefined> {
  let older: Entry | undefined;
  for (const scope of scopes.read) {
    try {
      const bytes = await store.entry(scope, held.identity);
      if (bytes === undefined || bytes.length === 0) continue;
      const entry = decodeEntry(bytes, held.places.length, held.isInside);
      // What was made by a clock that is ahead would seem newer than what has changed since.
      if (held.task.isTimed && entry.newestUs >= Date.now() * 1000) {
        say(`cache ${held.task.name} is not used: it was made by a clock that is ahead of this one`);
        continue;
      }
      if (entry.key === held.key) return entry;
      older ??= entry;
    } catch (error) {
      say(`cache ${held.task.name} is not used: ${toLine(error)}`);
    }
  }
  return older;
}

async function bring(held: Held, options: CacheOptions, number: string): Promise<CacheResult> {
  const { store, workspace, uid, say, signal } = options;
  const { name } = held.task;
  const startMs = performance.now();
  const toMs = () => Math.round(performance.now() - startMs);
  const entry = await find(held, options);
  if (entry === undefined) return { name, hit: 'miss', bytes: 0, ms: toMs() };
  try {
    const staging = join(workspace.folder, `cache-${number}`);
    mkdirSync(staging, { mode: 0o700 });
    const { places } = held;
    const stamps = await restore({ store, entry, places, staging, owner: uid, signal });
    held.before = { entry, stamps };
  } catch (error) {
    signal.throwIfAborted();
    say(`cache ${name} is not used: ${toLine(error)}`);
    return { name, hit: 'miss', bytes: 0, ms: toMs() };
  }
  const bytes = entry.packs.reduce((sum, [, size]) => sum + size, 0);
  return { name, hit: entry.key === held.key ? 'exact' : 'older', bytes, ms: toMs() };
}

/** Undefined where there is nothing to keep. @throws where it cannot be kept */
async function keep(
  held: Held,
  { store, uid }: CacheOptions,
  manifest: Manifest | undefined,
  signal: AbortSignal,
): Promise<Saved | undefined> {
  const { task, key, before, places, identity } = held;
  const startMs = performance.now();
  const found = await scan(places, uid, held.isInside);
  if (found.files.size === 0) return undefined;
  if (before !== undefined && found.bytes > mostGrowth * before.entry.bornBytes + freeGrowthBytes) {
    await store.putEntry(identity, Buffer.alloc(0));
    throw new Error(`it has grown to ${found.bytes} bytes; the next job begins it anew`);
  }
  const bytes = await save({
    store,
    identity,
    name: task.name,
    key,
    scan: found,
    places,
    manifest: task.isTimed ? manifest : undefined,
    before,
    signal,
  });
  return { name: task.name, bytes, ms: Math.round(performance.now() - startMs) };
}

/** No build tool removes what it has made for a lock file of before. */
const mostGrowth = 2;
const freeGrowthBytes = 64 * 1024 ** 2;

const toMap = ({ sources }: Entry): Manifest =>
  new Map(sources.map(([path, hash, mtimeUs]) => [path, { hash, mtimeUs }]));

const toLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 500);
