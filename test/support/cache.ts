import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type CacheOptions, type Caches, openCaches, toCacheStore } from '../../services/core/cache/index.ts';
import { openFolderStore, type Store } from '../../services/core/store/index.ts';

/** A store, and jobs one after the other at the same place, each in folders that are made anew. */
export async function openCacheBench() {
  const root = await mkdtemp(join(tmpdir(), 'bellows-test-cache-'));
  const store = await openFolderStore(join(root, 'store'));
  const folder = join(root, 'job');
  const workspace = { folder, tree: join(folder, 'tree'), home: join(folder, 'home') };
  const said: string[] = [];

  return {
    root,
    store: store as Store,
    workspace,
    said,
    /** Begins a job on a commit of these files, written now; what the job before it has left is gone. */
    begin: async (
      files: Readonly<Record<string, string>>,
      given: Partial<CacheOptions> = {},
    ): Promise<Caches | undefined> => {
      rmSync(folder, { recursive: true, force: true });
      for (const path of [workspace.tree, workspace.home]) mkdirSync(path, { recursive: true });
      writeFiles(workspace.tree, files);
      const scopes = given.scopes ?? { read: ['branch main'], write: 'branch main' };
      return openCaches({
        store: toCacheStore(store, 'local/ada/engine', scopes),
        wish: 'auto',
        scopes,
        identity: [],
        workspace,
        seen: workspace,
        uid: undefined,
        toolchain: async () => 'rustc of the test',
        say: (line) => said.push(line),
        signal: new AbortController().signal,
        ...given,
      });
    },
    close: () => rm(root, { recursive: true, force: true }),
  };
}

export type CacheBench = Awaited<ReturnType<typeof openCacheBench>>;

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Keeps what the job has made. */
export async function save(caches: Caches | undefined) {
  return (await caches?.save(new AbortController().signal)) ?? { saved: [], unsaved: [] };
}
