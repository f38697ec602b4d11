import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient, ApiError } from '../../core/client/index.ts';
import type { JobEvent } from '../../core/job/index.ts';
import type { Stoppable } from '../../core/runtime/index.ts';
import { type Ending, toText } from '../process/child.ts';
import type { Agent } from './agent-process.ts';
import { decide, toDelay } from './decide.ts';
import { followQueue } from './follow.ts';
import { createWaiting } from './waiting.ts';

export interface SpawnerOptions {
  client: Pick<ApiClient, 'jobs' | 'job' | 'events' | 'claimToken' | 'agentLost'>;
  pool: string;
  cap: number;
  start(name: string, slot: number, claimToken: Promise<string>): Promise<Agent>;
  onError(error: unknown): void;
  graceMs?: number;
}

interface Living {
  slot: number;
  claimed: boolean;
  agent?: Agent;
}

/** Starts one agent for each job that waits, up to the cap, and none when none does. */
export function openSpawner(options: SpawnerOptions): Stoppable {
  const { client, pool, cap, onError, graceMs = 8000 } = options;
  const abort = new AbortController();
  const waiting = createWaiting(pool);
  const living = new Map<string, Living>();
  const ends = new Set<Promise<void>>();
  let failures = 0;
  let notBefore = 0;
  let timer: NodeJS.Timeout | undefined;

  function act(): void {
    if (abort.signal.aborted) return;
    clearTimeout(timer);
    const starting = [...living.values()].filter((each) => !each.claimed).length;
    const count = decide({ queued: waiting.size, starting, living: living.size, cap });
    if (count === 0) return;
    const waitMs = notBefore - performance.now();
    if (waitMs > 0) {
      timer = setTimeout(act, waitMs);
      return;
    }
    for (let n = 0; n < count; n++) {
      const run = start(freeSlot());
      ends.add(run);
      void run.finally(() => ends.delete(run));
    }
  }

  function freeSlot(): number {
    const taken = new Set([...living.values()].map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return slot;
  }

  async function start(slot: number): Promise<void> {
    const name = `${pool}-${slot}-${randomBytes(4).toString('hex')}`;
    const entry: Living = { slot, claimed: false };
    living.set(name, entry);
    let ending: Ending = { code: null, signal: null };
    try {
      entry.agent = await options.start(
        name,
        slot,
        client.claimToken(pool).then(({ token }) => token),
      );
      ending = await entry.agent.ended;
    } catch (error) {
      onError(error);
    }
    // Only an agent whose job's end was answered ends with 0.
    if (ending.code !== 0) await report(name, toText(ending));
    living.delete(name);
    failures = entry.claimed || ending.code === 0 ? 0 : failures + 1;
    notBefore = performance.now() + toDelay(failures);
    act();
  }

  /** The lease would tell as well, up to 37 seconds later. */
  async function report(name: string, text: string): Promise<void> {
    for (let tries = 0; tries < 6; tries++) {
      try {
        return await client.agentLost(name, `its agent ended with ${text}`);
      } catch (error) {
        // It had claimed nothing, or the lease was faster.
        if (error instanceof ApiError && error.status < 500) return;
        await delay(50 * 2 ** tries);
      }
    }
  }

  async function onEvent(event: JobEvent): Promise<void> {
    if (event.type === 'claimed') {
      const entry = living.get(event.agent);
      if (entry !== undefined) entry.claimed = true;
    }
    const unknown = waiting.apply(event);
    if (unknown !== undefined) waiting.put((await client.job(unknown)).job);
    act();
  }

  const following = followQueue({
    client,
    signal: abort.signal,
    onSnapshot: (queued, running) => {
      waiting.reset(queued);
      for (const { agent, pool: of } of running) {
        const entry = living.get(agent ?? '');
        if (entry !== undefined) entry.claimed = true;
        // Nobody else starts agents of this pool: it ended with the `up` before this one.
        else if (of === pool && agent !== undefined) void report(agent, 'the end of who started it');
      }
      act();
    },
    onEvent,
  });

  return {
    stop: async () => {
      abort.abort();
      clearTimeout(timer);
      await following;
      await Promise.all([...living.values()].map(({ agent }) => agent?.end(graceMs)));
      await Promise.all(ends);
    },
  };
}
