import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedStep } from '../pipeline/index.ts';
import type { Engine, StepEnd } from './engine.ts';

/** A service or a detached step: it runs beside the others, and is ended after the last of them. */
export interface Background {
  step: PlannedStep;
  ended: Promise<StepEnd>;
  /** It has ended, without anybody asking. */
  isOver(): boolean;
}

export interface Backgrounds {
  start(step: PlannedStep, run: (signal: AbortSignal) => Promise<StepEnd>): Background;
  /** Ends all that still runs; resolves when it has ended. */
  end(): Promise<void>;
}

export function createBackgrounds(): Backgrounds {
  const over = new AbortController();
  const all: Background[] = [];
  return {
    start: (step, run) => {
      let isOver = false;
      const ended = run(over.signal).finally(() => {
        isOver = true;
      });
      const background = { step, ended, isOver: () => isOver };
      all.push(background);
      return background;
    },
    end: async () => {
      over.abort();
      await Promise.allSettled(all.map(({ ended }) => ended));
    },
  };
}

const firstLookMs = 10;
const longestLookMs = 500;

/**
 * Resolves when every port of a service takes connections; without ports, when it runs.
 *
 * @returns why it never will, or undefined
 */
export async function untilReady(
  { step, isOver, ended }: Background,
  engine: Pick<Engine, 'answers'>,
  { mostMs, signal }: { mostMs: number; signal: AbortSignal },
): Promise<string | undefined> {
  const until = performance.now() + mostMs;
  for (const port of step.ports) {
    for (let waitMs = firstLookMs; !(await engine.answers(step, port)); waitMs *= 1.5) {
      if (signal.aborted) return undefined;
      if (isOver()) return toEnded(step, await ended.catch(() => undefined));
      if (performance.now() > until)
        return `service ${JSON.stringify(step.name)} did not answer at port ${port} within ${mostMs / 1000} s`;
      await delay(Math.min(waitMs, longestLookMs), undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

function toEnded({ name }: PlannedStep, end: StepEnd | undefined): string {
  const code = end === undefined ? '' : ` with exit code ${end.exitCode}`;
  return `service ${JSON.stringify(name)} ended${code} before it was ready`;
}
