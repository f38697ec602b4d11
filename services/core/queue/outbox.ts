import type { Redis } from 'ioredis';
import * as z from 'zod';
import { type Forge, forges, type Job, type UntoldStatus, untoldStatusSchema } from '../job/index.ts';
import { toQueueError } from './error.ts';
import { toKey } from './keys.ts';
import { createRunner, toList, toNumber, toText } from './run-script.ts';
import { lag, postpone, settle, take } from './scripts/outbox.ts';
import { toJob, toOneOf } from './snapshot.ts';

/** A commit status that is to be told, leased to whoever took it. */
export interface TakenStatus {
  id: string;
  forge: Forge;
  /** The job that its commit and context are about now, without steps. */
  job: Job;
  /** How often this state could not be told yet. */
  tries: number;
  /** By Redis' clock, milliseconds: what the lease is known by. */
  until: number;
}

export interface OutboxState {
  forge: Forge;
  waiting: number;
  /** Since when the longest due one waits. */
  lagMs: number;
  /** How much longer the forge is told nothing. */
  quietMs: number;
}

/**
 * What forges are still to be told. The scripts that change a job write the entry in the same call, one for
 * each commit and context, so a crash loses none and only the latest state is told. The state itself is read
 * when an entry is taken.
 */
export interface Outbox {
  /** @param leaseMs longer than a request to the forge may last */
  take(forge: Forge, leaseMs: number): Promise<TakenStatus | undefined>;
  /** It was told. `again`: there is something newer, which is due at once. */
  told(taken: TakenStatus): Promise<'done' | 'again' | 'gone'>;
  /** It could not be told. @param quietMs nothing else is told to this forge either, by nobody */
  postpone(taken: TakenStatus, afterMs: number, quietMs: number): Promise<void>;
  /** It can never be told: kept for people to see. */
  giveUp(taken: TakenStatus, why: UntoldStatus): Promise<'done' | 'again' | 'gone'>;
  state(): Promise<OutboxState[]>;
  /** The newest first. */
  untold(): Promise<UntoldStatus[]>;
}

const kept = 200;

export function createOutbox({ commands }: { commands: Redis }): Outbox {
  const run = createRunner(commands);
  const place = ({ forge, id, until }: TakenStatus) => [forge, id, until];
  const end = async (taken: TakenStatus, record: string) => {
    const { id, state, fence, reason = '' } = taken.job;
    const reply = await run(settle, [...place(taken), id, state, fence, reason, record, kept]);
    return toOneOf(['done', 'again', 'gone'] as const, toText(reply));
  };

  return {
    async take(forge, leaseMs) {
      const reply = await run(take, [forge, leaseMs]);
      if (reply === null) return undefined;
      const [id, until, tries, row] = toList(reply);
      return { id: toText(id), forge, job: toJob(row), tries: toNumber(tries), until: toNumber(until) };
    },
    told: (taken) => end(taken, ''),
    giveUp: (taken, why) => end(taken, JSON.stringify(why)),
    async postpone(taken, afterMs, quietMs) {
      await run(postpone, [...place(taken), taken.job.id, Math.round(afterMs), Math.round(quietMs)]);
    },
    async state() {
      const rows = toList(await run(lag, forges)).map((row) => toList(row).map(toNumber));
      return forges.map((forge, i) => {
        const [waiting = 0, lagMs = 0, quietMs = 0] = rows[i] ?? [];
        return { forge, waiting, lagMs, quietMs };
      });
    },
    async untold() {
      const texts = await commands.lrange(toKey('untold'), 0, -1).catch((error: unknown) => {
        throw toQueueError('untold statuses', error);
      });
      return z.array(untoldStatusSchema).parse(texts.map((text) => JSON.parse(text)));
    },
  };
}
