import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../core/log/index.ts';
import type { Follower, Queue } from '../core/queue/index.ts';

/** Tells who holds a request for a job that its state changed: one reader for the whole process. */
export interface JobWatch {
  /** True when the job's state changed, or may have; false when the signal aborted. Never rejects. */
  next(job: string, signal: AbortSignal): Promise<boolean>;
  /** Follows until the signal aborts, through every outage of Redis. */
  run(signal: AbortSignal): Promise<void>;
}

export interface JobWatchDeps {
  queue: Pick<Queue, 'jobs'>;
  follower: Pick<Follower, 'changes'>;
  log: Log;
  /** After an error, milliseconds. @default 1000 */
  retryMs?: number;
}

export function createJobWatch({ queue, follower, log, retryMs = 1000 }: JobWatchDeps): JobWatch {
  const listeners = new Map<string, Set<() => void>>();
  const tell = (job: string) => {
    for (const listener of [...(listeners.get(job) ?? [])]) listener();
  };
  const tellAll = () => {
    for (const job of [...listeners.keys()]) tell(job);
  };
  const follow = async (signal: AbortSignal) => {
    const { event } = await queue.jobs({ limit: 1 });
    // Something may have happened while nobody followed.
    tellAll();
    for await (const change of follower.changes(event, signal)) {
      if ('reset' in change) tellAll();
      else tell(change.job);
    }
  };

  return {
    next: (job, signal) =>
      new Promise((resolve) => {
        const known = listeners.get(job) ?? new Set();
        const settle = (happened: boolean) => {
          known.delete(onChange);
          if (known.size === 0 && listeners.get(job) === known) listeners.delete(job);
          signal.removeEventListener('abort', onAbort);
          resolve(happened);
        };
        const onChange = () => settle(true);
        const onAbort = () => settle(false);
        if (signal.aborted) return resolve(false);
        listeners.set(job, known.add(onChange));
        signal.addEventListener('abort', onAbort);
      }),
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          await follow(signal);
        } catch (error) {
          log.warn({ err: error }, 'events cannot be followed; held requests are answered in time only');
          await delay(retryMs, undefined, { signal }).catch(() => undefined);
        }
      }
    },
  };
}
