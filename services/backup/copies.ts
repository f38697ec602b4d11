import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import * as z from 'zod';
import type { Store } from '../core/store/index.ts';

/** A copy in a store: parts, and last of all what they are together. Without that it was never finished. */
const manifestSchema = z.strictObject({
  bytes: z.int().min(0),
  parts: z.int().min(0).max(99_999),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export interface Copies {
  /** @returns the time by which it is known: `20261121T030000Z` */
  put(file: string, now: Date): Promise<string>;
  /** @param time or `latest`. @throws Error where there is none, or it is not what was put. */
  bringBack(time: string, file: string): Promise<string>;
  /** Finished ones, the oldest first. */
  list(): Promise<string[]>;
  /** Takes away what is older, but for the newest few, and what was never finished. @returns what went */
  prune(days: number, now: Date): Promise<string[]>;
}

export const partBytes = 16 * 1024 * 1024;
const leastKept = 3;
const dayMs = 86_400_000;
/** A copy under way is younger. */
const abandonedMs = dayMs;

/** Copies of one thing, `backups/<what>/<time>/…`. A part of a file is in memory at a time, never all of it. */
export function createCopies(store: Store, what: string): Copies {
  const folder = `backups/${what}`;
  const manifestOf = (time: string) => `${folder}/${time}/manifest`;
  const partOf = (time: string, n: number) => `${folder}/${time}/${String(n).padStart(5, '0')}`;

  const look = async () => {
    const found = new Map<string, { names: string[]; finished: boolean }>();
    for await (const { name } of store.list(folder)) {
      const [, time = ''] = /\/(\d{8}T\d{6}Z)\/[^/]+$/.exec(name) ?? [];
      const copy = found.get(time) ?? { names: [], finished: false };
      found.set(time, copy);
      copy.names.push(name);
      if (name === manifestOf(time)) copy.finished = true;
    }
    found.delete('');
    return found;
  };
  const list = async () =>
    [...(await look())].flatMap(([time, { finished }]) => (finished ? [time] : [])).sort();

  return {
    list,
    async put(file, now) {
      const time = toTime(now);
      const hash = createHash('sha256');
      let parts = 0;
      let bytes = 0;
      const handle = await open(file);
      try {
        for (;;) {
          const part = Buffer.alloc(partBytes);
          const length = await fill(handle, part);
          if (length === 0) break;
          const data = part.subarray(0, length);
          hash.update(data);
          await store.put(partOf(time, parts), [data]);
          parts += 1;
          bytes += length;
        }
      } finally {
        await handle.close();
      }
      if (bytes === 0) throw new Error(`${file} is empty; expected a copy of ${what}`);
      const manifest = { bytes, parts, sha256: hash.digest('hex') };
      await store.put(manifestOf(time), [Buffer.from(JSON.stringify(manifest))]);
      return time;
    },
    async bringBack(asked, file) {
      const known = await list();
      const time = asked === 'latest' ? known.at(-1) : asked;
      const manifest = time === undefined ? undefined : await store.get(manifestOf(time));
      if (time === undefined || manifest === undefined)
        throw new Error(`there is no copy ${asked} of ${what}; there are ${known.join(', ') || 'none'}`);
      const { bytes, parts, sha256 } = manifestSchema.parse(JSON.parse(manifest.toString()));
      const hash = createHash('sha256');
      let written = 0;
      const handle = await open(file, 'wx', 0o600);
      try {
        for (let n = 0; n < parts; n++) {
          const part = await store.get(partOf(time, n));
          if (part === undefined) throw new Error(`part ${n} of the copy ${time} of ${what} is missing`);
          hash.update(part);
          written += part.length;
          await handle.writeFile(part);
        }
        if (written !== bytes || hash.digest('hex') !== sha256)
          throw new Error(`the copy ${time} of ${what} is not what was put there; take an older one`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      return time;
    },
    async prune(days, now) {
      const copies = await look();
      const kept = new Set((await list()).slice(-leastKept));
      const gone: string[] = [];
      for (const [time, { names, finished }] of copies) {
        const age = now.getTime() - toMs(time);
        if (kept.has(time) || age < (finished ? days * dayMs : abandonedMs)) continue;
        // What is half gone must not look whole.
        await store.remove(manifestOf(time));
        for (const name of names) await store.remove(name);
        gone.push(time);
      }
      return gone.sort();
    },
  };
}

async function fill(handle: Awaited<ReturnType<typeof open>>, part: Buffer): Promise<number> {
  let at = 0;
  while (at < part.length) {
    const { bytesRead } = await handle.read(part, at, part.length - at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at;
}

function toTime(date: Date): string {
  return date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
}

function toMs(time: string): number {
  return Date.parse(time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
