import type { Redis } from 'ioredis';
import type { NewBundle } from '../job/index.ts';
import { toQueueError } from './error.ts';
import { toKey, toKeyOf } from './keys.ts';
import { createRunner, toNumber, toText } from './run-script.ts';
import { closeBundle, expireBundles, openBundle } from './scripts/bundles.ts';

/** What one step of a job keeps, as its agent sends it. */
export interface Bundle {
  n: number;
  fence: number;
  bytes: number;
  /** All of it is there. */
  isWhole: boolean;
}

export interface BundleRoom {
  /** Of one attempt of a job. */
  bytes: number;
  files: number;
  /** Of all jobs of a repository. */
  repositoryBytes: number;
}

/** Which artifacts a job has, how much room they take, and when they go; the bytes are elsewhere. */
export interface Bundles {
  open(
    id: string,
    fence: number,
    bundle: NewBundle,
    room: BundleRoom,
  ): Promise<{ answer: 'done'; n: number } | { answer: 'stale' | 'bytes' | 'files' | 'repository' }>;
  /** It is whole, and from now on kept for so long. */
  close(id: string, fence: number, n: number, keepMs: number): Promise<'done' | 'stale'>;
  find(id: string, n: number): Promise<Bundle | undefined>;
  /** The whole ones of the newest attempt, in the order in which they were begun. */
  list(id: string): Promise<Bundle[]>;
  /** Drops those that are too old. Answers how many. */
  expire(): Promise<number>;
  /** Those whose bytes can go, oldest first. */
  litter(most: number): Promise<Litter[]>;
  forget(litter: Litter): Promise<void>;
}

export interface Litter {
  id: string;
  n: number;
  bytes: number;
}

/** An agent sends a bundle in one go; one that is not whole by then has lost its agent. */
const unfinishedMs = 24 * 3_600_000;
const expiresAtOnce = 200;

export function createBundles({ commands }: { commands: Redis }): Bundles {
  const run = createRunner(commands);
  const guard = <T>(answer: Promise<T>) =>
    answer.catch((error: unknown) => {
      throw toQueueError('artifacts', error);
    });
  return {
    async open(id, fence, { bytes, files }, room) {
      const most = [room.bytes, room.files, room.repositoryBytes];
      const reply = await run(openBundle, [id, fence, bytes, files, ...most, unfinishedMs]);
      if (typeof reply === 'number') return { answer: 'done', n: reply };
      const answer = toText(reply);
      if (answer === 'stale' || answer === 'bytes' || answer === 'files' || answer === 'repository')
        return { answer };
      throw new TypeError(`openBundle answered ${answer}`);
    },
    close: async (id, fence, n, keepMs) =>
      toText(await run(closeBundle, [id, fence, n, keepMs])) === 'done' ? 'done' : 'stale',
    async find(id, n) {
      const text = await guard(commands.hget(toKeyOf('bundle', id), String(n)));
      return text === null ? undefined : parseBundle(n, text);
    },
    async list(id) {
      const [ran, all] = await guard(
        Promise.all([commands.hget(toKeyOf('job', id), 'ran'), commands.hgetall(toKeyOf('bundle', id))]),
      );
      return Object.entries(all)
        .filter(([n]) => n !== 'last')
        .map(([n, text]) => parseBundle(Number(n), text))
        .filter(({ fence, isWhole }) => isWhole && fence === Number(ran))
        .sort((left, right) => left.n - right.n);
    },
    expire: async () => toNumber(await run(expireBundles, [expiresAtOnce])),
    async litter(most) {
      const entries = await guard(commands.lrange(toKey('litter'), 0, most - 1));
      return entries.map((entry) => {
        const [id = '', n = '', bytes = ''] = entry.split(' ');
        return { id, n: Number(n), bytes: Number(bytes) };
      });
    },
    forget: async ({ id, n, bytes }) =>
      void (await guard(commands.lrem(toKey('litter'), 1, `${id} ${n} ${bytes}`))),
  };
}

function parseBundle(n: number, text: string): Bundle {
  const [, fence, bytes, whole] = /^(\d+) (\d+) \d+ ([01]) /.exec(text) ?? [];
  if (fence === undefined) throw new TypeError(`not a bundle: ${text}`);
  return { n, fence: Number(fence), bytes: Number(bytes), isWhole: whole === '1' };
}
