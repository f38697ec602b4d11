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
  start(name: string, slot: number): Promise<Agent>;
  onError(error: unknown): void;
  graceMs?: number;
}

export interface Spawner extends Stoppable {
  /**
   * A push is being received, so a job is about to wait: its agent starts now, and claims when the job is
   * there.
   *
   * @returns to be called when the push has ended, whether or not it made a job; more often does no harm
   */
  expect(): () => void;
}

interface Living {
  slot: number;
  /** ready → claiming (it has its credential) → claimed */
  state: 'ready' | 'claiming' | 'claimed';
  /** Gives it the credential for its claim. */
  send(): void;
  agent?: Agent;
}

/** A job's event may come after the push has been answered; then its agent must still be there. */
const eventMs = 500;
/** Half of what the api grants. */
const credentialMs = 30_000;

/** Starts one agent for each job that waits or is about to, up to the cap, and none when none does. */
export function openSpawner(options: SpawnerOptions): Spawner {
  const { client, pool, cap, onError, graceMs = 8000 } = options;
  const abort = new AbortController();
  const waiting = createWaiting(pool);
  const living = new Map<string, Living>();
  const ends = new Set<Promise<void>>();
  const endings = new Set<NodeJS.Timeout>();
  /** Pushes that are being received, and whose job has not come. */
  const expected = new Set<symbol>();
  let failures = 0;
  let notBefore = 0;
  let timer: NodeJS.Timeout | undefined;

  function act(): void {
    if (abort.signal.aborted) return;
    clearTimeout(timer);
    const {
      start: count,
      send,
      end,
    } = decide({
      queued: waiting.size,
      expected: expected.size,
      claiming: inState('claiming').length,
      ready: inState('ready').length,
      living: living.size,
      cap,
    });
    for (const entry of inState('ready').slice(0, end)) entry.agent?.dismiss();
    const waitMs = notBefore - performance.now();
    if (count > 0 && waitMs > 0) timer = setTimeout(act, waitMs);
    else for (let n = 0; n < count; n++) begin();
    for (const entry of inState('ready').slice(0, send)) {
      entry.state = 'claiming';
      entry.send();
    }
  }

  function inState(state: Living['state']): Living[] {
    return [...living.values()].filter((entry) => entry.state === state);
  }

  function begin(): void {
    const run = start(freeSlot());
    ends.add(run);
    void run.finally(() => ends.delete(run));
  }

  function freeSlot(): number {
    const taken = new Set([...living.values()].map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return slot;
  }

  async function start(slot: number): Promise<void> {
    const name = `${pool}-${slot}-${randomBytes(4).toString('hex')}`;
    const { promise: sent, resolve: send } = Promise.withResolvers<void>();
    const entry: Living = { slot, state: 'ready', send };
    living.set(name, entry);
    let ending: Ending = { code: null, signal: null };
    try {
      // Asked for while the process starts.
      const credential = createCredential();
      entry.agent = await options.start(name, slot);
      const { ended } = entry.agent;
      act(); // it may have been sent, or not be needed, before it could be told
      if ((await Promise.race([sent.then(() => 'sent'), ended])) === 'sent')
        entry.agent.send(await credential());
      ending = await ended;
    } catch (error) {
      onError(error);
      await entry.agent?.end(1000);
    }
    // Only an agent whose job's end was answered ends with 0; one that was never sent has no job.
    if (ending.code !== 0 && entry.state !== 'ready') await report(name, toText(ending));
    living.delete(name);
    failures = entry.state === 'claimed' || ending.code === 0 ? 0 : failures + 1;
    notBefore = performance.now() + toDelay(failures);
    act();
  }

  /** For one claim; a large push can take longer than it is good for. */
  function createCredential(): () => Promise<string> {
    const ask = async () => (await client.claimToken(pool)).token;
    const asked = ask();
    asked.catch(() => undefined); // whoever needs it hears of it
    const until = performance.now() + credentialMs;
    return () => (performance.now() < until ? asked : ask());
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
      if (entry !== undefined) entry.state = 'claimed';
    }
    const before = waiting.size;
    const unknown = waiting.apply(event);
    if (unknown !== undefined) waiting.put((await client.job(unknown)).job);
    // The job that a push was expected to make is no longer expected: it waits.
    const [push] = expected;
    if (waiting.size > before && push !== undefined) expected.delete(push);
    act();
  }

  const following = followQueue({
    client,
    signal: abort.signal,
    onSnapshot: (queued, running) => {
      waiting.reset(queued);
      for (const { agent, pool: of } of running) {
        const entry = living.get(agent ?? '');
        if (entry !== undefined) entry.state = 'claimed';
        // Nobody else starts agents of this pool: it ended with the `up` before this one.
        else if (of === pool && agent !== undefined) void report(agent, 'the end of who started it');
      }
      act();
    },
    onEvent,
  });

  return {
    expect: () => {
      const push = Symbol('push');
      expected.add(push);
      act();
      return () => {
        if (!expected.has(push)) return;
        const ending = setTimeout(() => {
          endings.delete(ending);
          expected.delete(push);
          act();
        }, eventMs);
        endings.add(ending);
      };
    },
    stop: async () => {
      abort.abort();
      clearTimeout(timer);
      for (const ending of endings) clearTimeout(ending);
      await following;
      await Promise.all([...living.values()].map(({ agent }) => agent?.end(graceMs)));
      await Promise.all(ends);
    },
  };
}
