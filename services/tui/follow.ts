import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiClient, ApiError } from '../core/client/index.ts';
import type { JobEvent, JobPage, LogText } from '../core/job/index.ts';

const firstWaitMs = 250;
const longestWaitMs = 10_000;
const listed = 100;

export interface JobsListener {
  snapshot(page: JobPage): void;
  event(id: string, event: JobEvent): void;
  /** The connection stands, and everything before this moment is known. */
  heard(): void;
  lost(reason: string, retryInMs: number): void;
}

/**
 * Snapshot, then events, for as long as the signal allows. A lost connection is taken up again at the last
 * event; only an api that no longer has it makes a new snapshot necessary.
 *
 * @throws ApiError where the api refuses the credential: asking again would change nothing.
 */
export async function followJobs(client: ApiClient, on: JobsListener, signal: AbortSignal): Promise<void> {
  let from: string | undefined;
  await again(signal, on.lost, async (heard) => {
    const alive = () => {
      heard();
      on.heard();
    };
    if (from === undefined) {
      const page = await client.jobs({ limit: listed });
      on.snapshot(page);
      from = page.event;
    }
    try {
      for await (const message of client.events(from, signal, alive)) {
        if ('reset' in message) {
          from = undefined;
          break;
        }
        from = message.id;
        on.event(message.id, message.event);
      }
    } catch (error) {
      // What cannot be read would come again: the next connection begins with a snapshot.
      if (isUnreadable(error)) from = undefined;
      throw error;
    }
    return 'lost';
  });
}

export interface LogListener {
  chunk(id: string, chunk: LogText): void;
  end(): void;
  failed(reason: string): void;
}

/** A job's log from its beginning to its end, taken up again at the last chunk where the line breaks. */
export async function followLog(
  client: ApiClient,
  id: string,
  on: LogListener,
  signal: AbortSignal,
): Promise<void> {
  let from: string | undefined;
  const ignore = () => undefined;
  await again(signal, ignore, async (heard) => {
    for await (const message of client.log(id, from, signal)) {
      heard();
      if ('end' in message) {
        on.end();
        return 'done';
      }
      from = message.id;
      on.chunk(message.id, message.chunk);
    }
    return 'lost';
  }).catch((error: unknown) => on.failed(toReason(error)));
}

/** Runs one connection after another, each later than the one before until one is heard. */
async function again(
  signal: AbortSignal,
  lost: (reason: string, retryInMs: number) => void,
  connect: (heard: () => void) => Promise<'done' | 'lost'>,
): Promise<void> {
  let failures = 0;
  const heard = () => {
    failures = 0;
  };
  while (!signal.aborted) {
    let reason = 'the api ended the connection';
    try {
      if ((await connect(heard)) === 'done') return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status < 500 && error.status !== 429) throw error;
      reason = toReason(error);
    }
    if (signal.aborted) return;
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(failures++, 10));
    lost(reason, waitMs);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** A message of another version of the api (zod), or no JSON. */
function isUnreadable(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Error && error.name === 'ZodError');
}

export function toReason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
