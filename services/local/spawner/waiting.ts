import type { Job, JobEvent } from '../../core/job/index.ts';

/** What the spawner knows of the queue: which jobs of its pool wait, by the api's word. */
export interface Waiting {
  readonly size: number;
  /** Begins anew from what the api says is queued. */
  reset(queued: readonly Job[]): void;
  /** @returns a job of which more must be known before it counts: `put` it */
  apply(event: JobEvent): string | undefined;
  put(job: Job): void;
}

export function createWaiting(pool: string): Waiting {
  const queued = new Set<string>();
  /** Jobs that are neither queued nor done; `queued` events do not name a pool. */
  const others = new Map<string, string>();

  const put = (job: Job) => {
    others.delete(job.id);
    if (job.state === 'queued' && job.pool === pool) queued.add(job.id);
    else queued.delete(job.id);
  };

  return {
    get size() {
      return queued.size;
    },
    reset: (jobs) => {
      queued.clear();
      others.clear();
      for (const job of jobs) put(job);
    },
    put,
    apply: (event) => {
      switch (event.type) {
        case 'created':
          put(event.snapshot);
          if (event.snapshot.state !== 'queued') others.set(event.job, event.snapshot.pool);
          return undefined;
        case 'queued': {
          const known = others.get(event.job);
          if (known === undefined && !queued.has(event.job)) return event.job;
          if (known === pool) queued.add(event.job);
          return undefined;
        }
        case 'claimed':
        case 'delayed':
        case 'blocked':
        case 'waiting':
          if (queued.delete(event.job)) others.set(event.job, pool);
          return undefined;
        case 'finished':
        case 'skipped':
        case 'dead':
          queued.delete(event.job);
          others.delete(event.job);
          return undefined;
        case 'step':
        case 'cancelling':
        case 'lost':
          return undefined;
      }
    },
  };
}
