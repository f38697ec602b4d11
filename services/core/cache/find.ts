import { join, posix } from 'node:path';
import { type CachePlan, deepestLock, isForeignFolder, matchesGlob, parseGlob } from '../pipeline/index.ts';

/** What a pipeline file wants kept is not the job's own. */
export class CachePathError extends Error {
  override name = 'CachePathError';
}

/** One cache of a job. */
export interface CacheTask {
  name: string;
  roots: readonly Root[];
  /** Files of the tree whose contents make the key, sorted. */
  keyFiles: readonly string[];
  /** What is in it holds for one toolchain only. */
  isBuilt: boolean;
  /** Absolute paths stand in it: it holds where it was made, and nowhere else. */
  isPlaced: boolean;
  /** Its tool compares the times of sources with what it has made. */
  isTimed: boolean;
}

/** A file or folder that is kept. */
export interface Root {
  in: 'tree' | 'home';
  /** Without `.`, `..` or a slash at its ends. */
  path: string;
}

interface Kind {
  name: string;
  locks: RegExp;
  /** Below the job's home. */
  home: readonly string[];
  /** Beside each lock file. */
  beside?: string;
  isBuilt?: true;
  isPlaced?: true;
  isTimed?: true;
}

const mostRoots = 100;

// `registry/src` is unpacked from `registry/cache` again: that is faster than to keep 10,000 files.
const kinds: readonly Kind[] = [
  {
    name: 'cargo',
    locks: /^Cargo\.lock$/,
    home: ['.cargo/registry/index', '.cargo/registry/cache', '.cargo/git/db'],
  },
  // The fingerprints of registry crates hold the absolute path of their source. Those of the workspace's own do not,
  // while what `env!("CARGO_MANIFEST_DIR")` was stays in them: at another place they would seem fresh, and be wrong.
  {
    name: 'target',
    locks: /^Cargo\.lock$/,
    home: [],
    beside: 'target',
    isBuilt: true,
    isPlaced: true,
    isTimed: true,
  },
  { name: 'npm', locks: /^(?:package-lock|npm-shrinkwrap)\.json$/, home: ['.npm/_cacache'] },
  { name: 'pnpm', locks: /^pnpm-lock\.yaml$/, home: ['.local/share/pnpm/store'] },
  { name: 'yarn', locks: /^yarn\.lock$/, home: ['.cache/yarn', '.yarn/berry/cache'] },
  { name: 'pip', locks: /^(?:requirements.*\.txt|pyproject\.toml|setup\.py)$/, home: ['.cache/pip'] },
  { name: 'uv', locks: /^uv\.lock$/, home: ['.cache/uv'] },
  // Beside them it makes virtual environments, which hold links to a Python elsewhere: it makes these anew.
  {
    name: 'poetry',
    locks: /^poetry\.lock$/,
    home: ['.cache/pypoetry/artifacts', '.cache/pypoetry/cache'],
  },
  // Go's own keys hold the toolchain, and the path of each package: at another place it still takes from it what is
  // fetched and what is Go's own. Of a test that has read files they hold the times of these.
  { name: 'go', locks: /^go\.(?:sum|mod)$/, home: ['go/pkg/mod', '.cache/go-build'], isTimed: true },
];

/**
 * @param files of the tree, sorted
 * @param wish of the pipeline file
 */
export function findCaches(
  files: readonly string[],
  wish: readonly CachePlan[] | 'auto' | 'off',
): CacheTask[] {
  if (wish === 'off') return [];
  if (wish !== 'auto') return wish.map((plan) => toTask(plan, files));
  const near = files.filter((file) => {
    const parts = file.split('/');
    return parts.length <= deepestLock && !parts.slice(0, -1).some(isForeignFolder);
  });
  const isOthers = near.some((file) => /(?:^|\/)(?:uv|poetry)\.lock$/.test(file));
  return kinds.flatMap(({ name, locks, home, beside, ...is }) => {
    const { isBuilt = false, isPlaced = false, isTimed = false } = is;
    const keyFiles = near.filter((file) => locks.test(posix.basename(file)));
    if (keyFiles.length === 0) return [];
    // A project file alone is pip's only where nobody else has locked it: pip's cache would be empty for ever.
    if (name === 'pip' && isOthers && keyFiles.every((file) => file.endsWith('pyproject.toml'))) return [];
    const roots: Root[] = home.map((path) => ({ in: 'home', path }));
    if (beside !== undefined)
      for (const file of keyFiles.slice(0, mostRoots))
        roots.push({ in: 'tree', path: posix.join(posix.dirname(file), beside) });
    return [{ name, roots, keyFiles, isBuilt, isPlaced, isTimed }];
  });
}

/** What somebody wrote down may hold anything: it is taken for built, and for bound to its place. */
function toTask({ name, paths, key }: CachePlan, files: readonly string[]): CacheTask {
  const globs = key.map((pattern) => parseGlob(pattern));
  const roots = paths.map((path) => {
    const root = toRoot(path);
    if (root === undefined)
      throw new CachePathError(
        `cache ${name}: ${JSON.stringify(path)} is no place below the workspace or, with ~/, the home`,
      );
    return root;
  });
  const keyFiles = files.filter((file) => globs.some((glob) => matchesGlob(glob, file)));
  const isTimed = roots.some((root) => root.in === 'tree');
  return { name, roots, keyFiles, isBuilt: true, isPlaced: true, isTimed };
}

/** Undefined for the whole workspace or home, and for what is outside of it. */
function toRoot(path: string): Root | undefined {
  const inHome = path.startsWith('~/');
  const plain = posix.normalize(inHome ? path.slice(2) : path).replace(/\/$/, '');
  if (plain === '.' || plain.startsWith('/') || plain.split('/')[0] === '..') return undefined;
  if (!inHome && plain.split('/')[0] === '.git') return undefined;
  return { in: inHome ? 'home' : 'tree', path: plain };
}

/** Where the tools of these caches keep what they have fetched: in the job's own home, whatever an image says. */
export function toCacheVariables(
  tasks: readonly Pick<CacheTask, 'name'>[],
  home: string,
  isModernYarn: boolean,
): Record<string, string> {
  const at = (path: string) => join(home, path);
  const variables: Record<string, Record<string, string>> = {
    cargo: {
      CARGO_HOME: at('.cargo'),
      // It makes the next compilation of one crate quicker, each one now slower, and twice as much to keep.
      CARGO_INCREMENTAL: '0',
    },
    npm: { npm_config_cache: at('.npm') },
    pnpm: {
      npm_config_store_dir: at('.local/share/pnpm/store'),
      pnpm_config_store_dir: at('.local/share/pnpm/store'),
    },
    // A cache folder that is set wins in a modern Yarn over the one that a project has committed.
    yarn: isModernYarn ? { YARN_GLOBAL_FOLDER: at('.yarn/berry') } : { YARN_CACHE_FOLDER: at('.cache/yarn') },
    pip: { PIP_CACHE_DIR: at('.cache/pip') },
    uv: { UV_CACHE_DIR: at('.cache/uv') },
    poetry: { POETRY_CACHE_DIR: at('.cache/pypoetry') },
    go: { GOMODCACHE: at('go/pkg/mod'), GOCACHE: at('.cache/go-build') },
  };
  return Object.assign({}, ...tasks.map(({ name }) => variables[name] ?? {}));
}

/** The same for whoever runs steps on their own machine: all tools, and what they fetch stays where it is. */
export function toKeptVariables(folder: string): Record<string, string> {
  const { CARGO_INCREMENTAL: _, ...variables } = toCacheVariables(kinds, folder, false);
  return variables;
}
