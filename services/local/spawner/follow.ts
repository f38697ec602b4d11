import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../core/client/index.ts';
import type { Job, JobEvent } from '../../core/job/index.ts';

export interface FollowOptions {
  client: Pick<ApiClient, 'jobs' | 'events'>;
  signal: AbortSignal;
  /** What is queued and what runs now; events go on from there. */
  onSnapshot(queued: Job[], running: Job[]): void;
  onEvent(event: JobEvent): Promise<void> | void;
}

const firstDelayMs = 50;
const longestDelayMs = 2000;
const pageSize = 200;

/** Follows the api for as long as the signal lets: a snapshot, then events; again whenever the line breaks. */
export async function followQueue({ client, signal, onSnapshot, onEvent }: FollowOptions): Promise<void> {
  let delayMs = firstDelayMs;
  while (!signal.aborted) {
    try {
      const queued = await readAll(client, 'queued');
      const running = await readAll(client, 'running');
      onSnapshot(queued.jobs, running.jobs);
      // From before the first page on: an event that the snapshot already holds changes nothing.
      for await (const message of client.events(queued.event, signal)) {
        delayMs = firstDelayMs;
        if ('reset' in message) break;
        if ('event' in message) await onEvent(message.event);
      }
    } catch {
      // The api is away, or says so: the next snapshot tells what was missed.
      if (signal.aborted) return;
    }
    await delay(delayMs, undefined, { signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, longestDelayMs);
  }
}

async function readAll(client: Pick<ApiClient, 'jobs'>, state: 'queued' | 'running') {
  const first = await client.jobs({ state, limit: pageSize });
  const jobs = [...first.jobs];
  for (let next = first.next; next !== undefined; ) {
    const page = await client.jobs({ state, limit: pageSize, cursor: next });
    jobs.push(...page.jobs);
    next = page.next;
  }
  return { jobs, event: first.event };
}
