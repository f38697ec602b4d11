import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { isNativeError } from 'node:util/types';
import { checkName, type Listed, type Range, type Store, StoreError } from './store.ts';

/** Nothing takes longer to be written. */
const abandonedMs = 3_600_000;
const drafts = '.new';

/** Blobs as files of a folder, which is made; only the own user may look into it. */
export async function openFolderStore(path: string): Promise<Store> {
  const root = await guard('opened', path, async () => {
    await mkdir(join(path, drafts), { recursive: true, mode: 0o700 });
    return realpath(path);
  });
  await removeAbandoned(join(root, drafts));
  const toPath = (name: string) => join(root, ...checkName(name));

  return {
    name: `folder ${path}`,
    put: (name, parts, { mayBeLost = false } = {}) =>
      guard('written', name, async () => {
        const target = toPath(name);
        await makeFolders(root, dirname(target));
        const draft = join(root, drafts, randomBytes(8).toString('hex'));
        try {
          await writeWhole(draft, parts, !mayBeLost);
          await rename(draft, target);
        } catch (error) {
          await unlink(draft).catch(() => undefined);
          throw error;
        }
        if (!mayBeLost) await sync(dirname(target));
      }),
    get: (name, range) =>
      guard('read', name, async () => {
        const target = toPath(name);
        if (!(await isInside(root, dirname(target)))) return undefined;
        return readPart(target, range);
      }),
    remove: (name) =>
      guard('removed', name, async () => {
        const target = toPath(name);
        if (!(await isInside(root, dirname(target)))) return;
        await unlink(target).catch(ignoreMissing);
      }),
    list: (folder) => list(toPath(folder), folder),
  };
}

async function* list(path: string, name: string): AsyncGenerator<Listed> {
  const entries = await guard('listed', name, async () => {
    return (await readdir(path, { withFileTypes: true }).catch(ignoreMissing)) ?? [];
  });
  for (const entry of entries) {
    const below = `${name}/${entry.name}`;
    if (entry.isDirectory()) yield* list(join(path, entry.name), below);
    if (!entry.isFile()) continue;
    const found = await guard('listed', below, () => stat(join(path, entry.name)).catch(ignoreMissing));
    if (found !== undefined) yield { name: below, bytes: found.size, putMs: found.mtimeMs };
  }
}

async function writeWhole(path: string, parts: readonly Uint8Array[], lasts: boolean): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for (const part of parts) await file.writeFile(part);
    if (lasts) await file.sync();
  } finally {
    await file.close();
  }
}

async function readPart(path: string, range: Range | undefined): Promise<Buffer<ArrayBuffer> | undefined> {
  // A link is not followed: nothing of ours makes one.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(ignoreMissing);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const from = Math.min(range?.from ?? 0, size);
    const bytes = Buffer.allocUnsafe(Math.min(range?.length ?? size, size - from));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What is new on the way is synced too, or a power cut takes it with the blob. */
async function makeFolders(root: string, path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first !== undefined)
    for (let folder = path; folder.length >= dirname(first).length; folder = dirname(folder))
      await sync(folder);
  if (!(await isInside(root, path))) throw new StoreError(`${path} leads out of the store`);
}

/** Also where folders on the way are links. */
async function isInside(root: string, folder: string): Promise<boolean> {
  const found = await realpath(folder).catch(ignoreMissing);
  return found !== undefined && (found === root || found.startsWith(root + sep));
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a crash has left; what another process writes now is younger. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(ignoreMissing);
    if (found !== undefined && Date.now() - found.mtimeMs > abandonedMs)
      await unlink(path).catch(ignoreMissing);
  }
}

function ignoreMissing(error: unknown): undefined {
  if (isNativeError(error) && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
    return;
  throw error;
}

async function guard<T>(done: string, name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof TypeError || cause instanceof StoreError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(`${name} could not be ${done}: ${why}`, { cause });
  }
}
