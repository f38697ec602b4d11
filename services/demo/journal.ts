import type { ApiClient } from '../core/client/index.ts';
import { apply, type Job, type JobEvent } from '../core/job/index.ts';

/** What a client that follows the events of the api has seen, since before the first push. */
export interface Journal {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly events: readonly JobEvent[];
  /** When the client had it, milliseconds since 1970; `at` of the event is when it was decided. */
  seenAt(event: JobEvent): number;
  /**
   * Waits until `find` finds something, looking again after each event.
   *
   * @param what for the message: what did not come to be
   */
  until<T>(find: () => T | undefined, what: string, limitMs?: number): Promise<T>;
  stop(): Promise<void>;
}

/** Not an answer but a wish: it did not happen in time. */
export class WaitedTooLongError extends Error {
  override name = 'WaitedTooLongError';
}

/** @param pauseMs before the api is asked again after it went away */
export async function openJournal(api: Pick<ApiClient, 'jobs' | 'events'>, pauseMs = 50): Promise<Journal> {
  const jobs = new Map<string, Job>();
  const events: JobEvent[] = [];
  const seen = new WeakMap<JobEvent, number>();
  const watchers = new Map<() => void, (error: Error) => void>();
  const stopping = new AbortController();
  let failure: Error | undefined;
  /** Why nothing has come lately. */
  let trouble: string | undefined;
  let last = (await api.jobs({ limit: 1 })).event;

  const take = (event: JobEvent) => {
    events.push(event);
    seen.set(event, Date.now());
    const job = apply(jobs.get(event.job), event);
    if (job !== undefined) jobs.set(job.id, job);
    for (const look of watchers.keys()) look();
  };
  const giveUp = (error: Error) => {
    failure ??= error;
    stopping.abort();
    for (const reject of [...watchers.values()]) reject(failure);
  };
  const follow = async () => {
    for await (const message of api.events(last, stopping.signal)) {
      if ('reset' in message)
        return giveUp(new Error('the api has forgotten events that nobody had seen yet'));
      last = message.id;
      trouble = undefined;
      take(message.event);
    }
  };
  const loop = async () => {
    while (!stopping.signal.aborted) {
      // The api is killed on purpose: whoever follows it comes back, and goes on where it was.
      await follow().then(
        () => undefined,
        (error: unknown) => {
          trouble = error instanceof Error ? error.message : String(error);
        },
      );
      await pause(pauseMs, stopping.signal);
    }
  };
  const looping = loop();

  return {
    jobs,
    events,
    seenAt: (event) => seen.get(event) ?? event.at,
    until: (find, what, limitMs = 30_000) =>
      new Promise((resolve, reject) => {
        const settle = () => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        const look = () => {
          const found = find();
          if (found === undefined) return;
          settle();
          resolve(found);
        };
        const timer = setTimeout(() => {
          settle();
          const why = trouble === undefined ? '' : ` (events cannot be followed: ${trouble})`;
          reject(new WaitedTooLongError(`after ${limitMs / 1000} s still not: ${what}${why}`));
        }, limitMs);
        watchers.set(look, (error) => {
          settle();
          reject(error);
        });
        if (failure !== undefined) watchers.get(look)?.(failure);
        else look();
      }),
    stop: async () => {
      giveUp(new Error('the demo has been stopped'));
      await looping;
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', settle);
      resolve();
    };
    const timer = setTimeout(settle, ms);
    signal.addEventListener('abort', settle);
    if (signal.aborted) settle();
  });
}
