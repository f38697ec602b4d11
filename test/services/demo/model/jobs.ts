import { EventEmitter } from 'node:events';
import { apply, type Job, type JobEvent, toId } from '../../../../services/core/job/index.ts';
import type { Movement } from '../../../../services/demo/ledger.ts';
import { aJob } from '../job.ts';

/** What the model knows of jobs: all in memory, in the words of the contract. */
export interface Jobs {
  all(): Job[];
  get(id: string): Job | undefined;
  /** Events with an id after this one. */
  after(id: string): { id: string; event: JobEvent }[];
  readonly last: string;
  publish(event: JobEvent): void;
  /** Makes the job of a movement, if it is new. */
  accept(movement: Movement, salt?: string): { answer: 'enqueued' | 'dup'; id: string };
  /** `event` for each event, `accepted` for each new job. */
  on(name: 'event' | 'accepted', listener: (id: string) => void): void;
  off(name: 'event', listener: (id: string) => void): void;
}

export function createJobs(): Jobs {
  const jobs = new Map<string, Job>();
  const events: JobEvent[] = [];
  const bus = new EventEmitter().setMaxListeners(0);
  const publish = (event: JobEvent) => {
    events.push(event);
    const job = apply(jobs.get(event.job), event);
    if (job !== undefined) jobs.set(job.id, job);
    bus.emit('event', event.job);
  };
  return {
    all: () => [...jobs.values()].reverse(),
    get: (id) => jobs.get(id),
    after: (id) =>
      events.map((event, n) => ({ id: `${n + 1}-0`, event })).slice(Number(id.split('-')[0] ?? 0)),
    get last() {
      return `${events.length}-0`;
    },
    publish,
    accept: ({ repository, ref, sha }, salt = '') => {
      const id = toId(repository, ref, sha, salt);
      if (jobs.has(id)) return { answer: 'dup', id };
      const at = Date.now();
      const job = aJob({
        id,
        state: 'queued',
        attempt: 0,
        fence: 0,
        createdAt: at,
        spec: { repository, ref, sha },
      });
      publish({ type: 'created', job: id, at, snapshot: job });
      bus.emit('accepted', id);
      return { answer: 'enqueued', id };
    },
    on: (name, listener) => void bus.on(name, listener),
    off: (name, listener) => void bus.off(name, listener),
  };
}
