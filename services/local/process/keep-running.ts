import type { Stoppable } from '../../core/runtime/index.ts';
import { type Child, type Ending, toText } from './child.ts';

export interface KeptOptions {
  name: string;
  start(): Child;
  /** Resolves when this child does its work. */
  ready(child: Child): Promise<void>;
  /** It ended without being asked, and is started again after `delayMs`. */
  onLoss(text: string, delayMs: number): void;
  onStart?(pid: number | undefined): void;
  graceMs?: number;
}

export interface Kept extends Stoppable {
  readonly pid: number | undefined;
  kill(signal: NodeJS.Signals): void;
}

const firstDelayMs = 50;
const longestDelayMs = 5000;
/** One that lived this long did not fail at its start. */
const healthyMs = 10_000;

/**
 * Starts a program and, whenever it ends by itself, starts it again, later each time.
 *
 * @throws when the first start fails
 */
export async function keepRunning(options: KeptOptions): Promise<Kept> {
  const { name, graceMs = 10_000 } = options;
  let stopping = false;
  let timer: NodeJS.Timeout | undefined;
  let failures = 0;
  let child = begin();

  function begin(): Child {
    const next = options.start();
    const since = performance.now();
    options.onStart?.(next.pid);
    void next.ended.then((ending) => {
      if (stopping || !started) return;
      failures = performance.now() - since > healthyMs ? 0 : failures + 1;
      const delayMs = Math.min(firstDelayMs * 2 ** Math.max(0, failures - 1), longestDelayMs);
      options.onLoss(toText(ending), delayMs);
      timer = setTimeout(() => {
        child = begin();
      }, delayMs);
    });
    return next;
  }

  let started = false;
  const died = child.ended.then((ending: Ending) => {
    throw new Error(`${name} did not start: ${toText(ending)}`);
  });
  died.catch(() => undefined); // after the start it is nobody's error
  try {
    await Promise.race([options.ready(child), died]);
    started = true;
  } catch (error) {
    stopping = true;
    await child.end(graceMs);
    throw error;
  }

  return {
    get pid() {
      return child.pid;
    },
    kill: (signal) => {
      child.process.kill(signal);
    },
    stop: async () => {
      stopping = true;
      clearTimeout(timer);
      await child.end(graceMs);
    },
  };
}
