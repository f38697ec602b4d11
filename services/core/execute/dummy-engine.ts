import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from './engine.ts';

/**
 * Runs nothing and plays how it would end: what a plan would do, in which order, and what follows from a failure. A
 * step's environment may say how: `DUMMY_EXIT_CODE`, and `DUMMY_MS` for how long.
 */
export function createDummyEngine(): Engine {
  return {
    name: 'dummy',
    prepare: async () => undefined,
    run: async ({ step, write, signal }) => {
      signal.throwIfAborted();
      for (const command of step.commands) await write(Buffer.from(`+ ${command}\n`));
      const { DUMMY_MS: ms, DUMMY_EXIT_CODE: exitCode } = step.environment;
      await delay(toNumber(ms), undefined, { signal }).catch(() => undefined);
      return { exitCode: signal.aborted ? 143 : toNumber(exitCode) };
    },
    answers: async () => true,
    close: async () => undefined,
  };
}

function toNumber(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0;
}
