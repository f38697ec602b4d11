import { deepStrictEqual } from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { isFinal } from '../../services/core/job/index.ts';
import { createUnarchived } from '../../services/core/queue/archive.ts';
import type { Queue } from '../../services/core/queue/index.ts';
import { toKey } from '../../services/core/queue/keys.ts';
import type { Redis } from '../../services/core/runtime/index.ts';
import type { Model } from './model.ts';
import type { Random } from './random.ts';

interface ArchivingDeps {
  redis: Redis;
  queue: Queue;
  model: Model;
  random: Random;
  /** Of each log. */
  most: number;
  count(what: string): void;
}

interface Log {
  have: number;
  size: number;
  full: boolean;
  closed: boolean;
}

/** Longer than any play. */
const longMs = 1e9;

/** Logs as agents write them, and their way out of Redis and out of the archive. */
export function createArchiving({ redis, queue, model, random, most, count }: ArchivingDeps) {
  const unarchived = createUnarchived({ commands: redis });
  /** By job and fence. */
  const logs = new Map<string, Log>();
  /** Job → how often it ran, and whether its logs have left the archive for their age. */
  const archived = new Map<string, { ran: number; expired: boolean }>();
  let discarded: string[] = [];
  let holder: string | undefined;

  const discard = (id: string, ran: number) => {
    for (let fence = 1; fence <= ran; fence++) discarded.push(`${id} ${fence}`);
  };

  const write = (log: Log, n: number, bytes: Buffer, dropped: number) => {
    const closes = log.full && dropped > 0 && !log.closed;
    if (log.full && !closes) return { answer: 'full', have: log.have };
    if (n <= log.have) return { answer: 'dup', have: log.have };
    if (n > log.have + 1) return { answer: 'gap', have: log.have };
    const text = dropped > 0 ? Buffer.from(`[${dropped} bytes were dropped here]\n`) : bytes;
    log.size += Math.max(text.length, deflateSync(text, { level: 1 }).length) + 64;
    log.have = n;
    if (closes) log.closed = true;
    else log.full = log.size > most;
    return { answer: log.full && !closes ? 'full' : 'written', have: n };
  };

  return {
    /** As the agent does that runs a job. */
    async log() {
      const job = random.some([...model.jobs.values()].filter(({ state }) => state === 'running'));
      if (job === undefined) return;
      const { id, fence } = job;
      const log = logs.get(`${id} ${fence}`) ?? { have: 0, size: 0, full: false, closed: false };
      logs.set(`${id} ${fence}`, log);
      const n = Math.max(1, log.have + (random.chance(0.6) ? 1 : random.pick([0, 2])));
      const bytes = Buffer.from('a line\n'.repeat(1 + random.below(20)));
      const dropped = log.full && random.chance(0.5) ? 7 : 0;
      const should = write(log, n, bytes, dropped);
      deepStrictEqual(await queue.appendLog(id, fence, n, 'build', bytes, dropped), should);
      count(`log: ${should.answer}`);
    },

    /** One of two who archive has a job that ended, and takes its logs out of Redis; that changes nothing else of it. */
    async archive() {
      const over = [...model.jobs.values()].filter(
        ({ id, state, ran }) => isFinal(state) && ran > 0 && !archived.has(id),
      );
      const job = random.some(over);
      if (job !== undefined) await redis.zadd(toKey('unarchived'), 'XX', 0, job.id);
      const me = random.chance(0.8) ? 'one' : 'two';
      holder ??= me;
      const got = await unarchived.next(me, longMs);
      count(`archive, next: ${got === undefined ? 'none' : 'a job'}`);
      deepStrictEqual(got, job && holder === me ? { id: job.id, ran: job.ran } : undefined);
      if (job === undefined) return;
      const { id, ran } = job;
      // Something may go wrong, or the job run again, meanwhile: it is asked for later.
      if (got === undefined || random.chance(0.2)) return unarchived.defer(id, longMs);
      for (let fence = 1; fence <= ran; fence++) {
        const have = await unarchived.have(id, fence);
        if (have === undefined) continue;
        const isLate = random.chance(0.3);
        deepStrictEqual(await unarchived.seal(id, fence, isLate ? have - 1 : have, 'a place'), !isLate);
        count(`archive, seal: ${isLate ? 'late' : 'done'}`);
        if (isLate) return unarchived.defer(id, longMs);
      }
      if (random.chance(0.1)) return unarchived.done(id, ran + 1).then(() => unarchived.defer(id, longMs));
      await unarchived.done(id, ran);
      archived.set(id, { ran, expired: false });
    },

    /** All that is archived is too old. */
    async expireArchived() {
      const fresh = [...archived].filter(([, { expired }]) => !expired);
      deepStrictEqual(await unarchived.expire(-1), fresh.length);
      for (const [id, log] of fresh) {
        log.expired = true;
        discard(id, log.ran);
      }
    },

    /** It runs again, so its logs are to be archived again. */
    again: (id: string) => archived.delete(id),

    /** After history was trimmed: of what is gone nobody keeps a log. */
    async check() {
      for (const [id, { ran }] of archived)
        if (!model.jobs.has(id)) {
          discard(id, ran);
          archived.delete(id);
        }
      for (const name of logs.keys()) if (!model.jobs.has(name.split(' ')[0] ?? '')) logs.delete(name);
      const found = await unarchived.discarded(longMs);
      deepStrictEqual(found.map(({ id, fence }) => `${id} ${fence}`).sort(), discarded.sort());
      discarded = [];
      for (const each of found) await unarchived.forget(each);
      for (const key of await redis.keys('ci:{*}:meta:*')) {
        const id = /\{(.*?)\}/.exec(key)?.[1] ?? '';
        deepStrictEqual(model.jobs.has(id), true, key);
      }
    },
  };
}
