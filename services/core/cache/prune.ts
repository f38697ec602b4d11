import type { Listed, Store } from '../store/index.ts';
import { decodeEntry, EntryError } from './entry.ts';
import { folder, toKind, toMark, toPack } from './names.ts';

/** A pack that is younger may belong to an entry that is being written. */
const youngMs = 3_600_000;
/** How far below the quota it goes, so that it is not asked for each time. */
const share = 0.8;

/**
 * Keeps a store below its quota: what was used longest ago goes first. To read an entry is to use it, also for a job
 * that writes none or another: the default branch's is what every new branch begins with.
 *
 * @returns bytes that were removed
 */
export async function pruneCaches(
  store: Pick<Store, 'list' | 'get' | 'remove'>,
  quotaBytes: number,
  now: number,
): Promise<number> {
  const all: Listed[] = [];
  for await (const listed of store.list(folder)) all.push(listed);
  if (sum(all) <= quotaBytes) return 0;
  const {
    entries = [],
    used: read = [],
    packs: stored = [],
  } = Object.groupBy(all, ({ name }) => toKind(name) ?? '');
  const marks = new Map(read.map((mark) => [mark.name, mark]));
  const packs = new Map(stored.map((pack) => [pack.name, pack]));
  const toUsedMs = ({ name, putMs }: Listed) => Math.max(putMs, marks.get(toMark(name))?.putMs ?? 0);
  const kept = new Set<string>();
  const gone: Listed[] = [];
  let bytes = 0;
  for (const entry of entries.sort((a, b) => toUsedMs(b) - toUsedMs(a))) {
    const used = (await readPacks(store, entry.name)).filter((name) => !kept.has(name));
    const more = entry.bytes + used.reduce((total, name) => total + (packs.get(name)?.bytes ?? 0), 0);
    if (bytes + more > quotaBytes * share) {
      gone.push(entry);
      continue;
    }
    bytes += more;
    marks.delete(toMark(entry.name));
    for (const name of used) kept.add(name);
  }
  for (const pack of packs.values()) if (!kept.has(pack.name) && now - pack.putMs > youngMs) gone.push(pack);
  gone.push(...marks.values());
  // Entries first: one whose packs are gone would be found, and be of no use.
  for (const { name } of gone) await store.remove(name);
  return sum(gone);
}

/** Of an entry that is damaged: none, so that they go with it. */
async function readPacks(store: Pick<Store, 'get'>, name: string): Promise<string[]> {
  try {
    const { packs } = decodeEntry((await store.get(name)) ?? Buffer.alloc(0), Infinity, () => true);
    return packs.map(([sha256]) => toPack(name, sha256));
  } catch (error) {
    if (error instanceof EntryError) return [];
    throw error;
  }
}

const sum = (listed: Iterable<Listed>): number => [...listed].reduce((total, { bytes }) => total + bytes, 0);
