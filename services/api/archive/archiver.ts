import { randomUUID } from 'node:crypto';
import type { Log } from '../../core/log/index.ts';
import { type LogChunk, type Queue, QueueError, type Unarchived } from '../../core/queue/index.ts';
import { type Store, StoreError } from '../../core/store/index.ts';
import type { Metrics } from '../metrics.ts';
import { toBlobName } from './archive.ts';
import { buildLog } from './format.ts';

export interface ArchiverDeps {
  store: Store;
  unarchived: Unarchived;
  queue: Pick<Queue, 'readLog'>;
  metrics: Pick<Metrics, 'archived' | 'archiveFailed'>;
  log: Log;
  /** How long an archived log is kept. */
  keepMs: number;
}

export interface Archiver {
  /** Archives what has ended and removes what is too old, some of each. Repeating it is always right. */
  pass(signal?: AbortSignal): Promise<void>;
}

/** Longer than one log can take: two uploads that time out, and more. */
const leaseMs = 120_000;
const jobsAtOnce = 100;
const removalsAtOnce = 200;
/** What cannot be archived for a reason of its own must not hold up the others. */
const deferMs = 600_000;

/**
 * Moves the logs of ended jobs out of Redis. The blob is whole in the store before the log is unlinked, and
 * the log is unlinked before the job counts as archived: a crash in between is done again, and loses nothing.
 */
export function createArchiver(deps: ArchiverDeps): Archiver {
  const { store, unarchived, queue, metrics, log, keepMs } = deps;
  const me = randomUUID();

  async function* readChunks(id: string, fence: number, have: number): AsyncGenerator<LogChunk> {
    for (let after = 0; after < have; ) {
      const { chunks } = await queue.readLog(id, { fence, after, until: have });
      yield* chunks;
      const last = chunks.at(-1);
      if (last === undefined)
        throw new TypeError(`the log of ${id}/${fence} ends after chunk ${after} of ${have}`);
      after = last.n;
    }
  }

  const archive = async (id: string, fence: number): Promise<boolean> => {
    const have = await unarchived.have(id, fence);
    if (have === undefined) return true;
    const { parts, place } = await buildLog(readChunks(id, fence, have));
    await store.put(toBlobName(id, fence), parts);
    return unarchived.seal(id, fence, have, place);
  };

  const archiveJob = async ({ id, ran }: { id: string; ran: number }): Promise<void> => {
    try {
      for (let fence = 1; fence <= ran; fence++)
        if (!(await archive(id, fence))) return await unarchived.defer(id, 0);
      await unarchived.done(id, ran);
      metrics.archived();
    } catch (error) {
      metrics.archiveFailed();
      if (error instanceof StoreError || error instanceof QueueError) throw error;
      log.error({ err: error, job: id }, 'this log cannot be archived; it stays in Redis for now');
      await unarchived.defer(id, deferMs);
    }
  };

  return {
    async pass(signal) {
      for (let i = 0; i < jobsAtOnce && signal?.aborted !== true; i++) {
        const job = await unarchived.next(me, leaseMs);
        if (job === undefined) break;
        await archiveJob(job);
      }
      await unarchived.expire(keepMs);
      for (const discarded of await unarchived.discarded(removalsAtOnce)) {
        if (signal?.aborted === true) return;
        await store.remove(toBlobName(discarded.id, discarded.fence));
        await unarchived.forget(discarded);
      }
    },
  };
}
