import type { StepEnd } from './engine.ts';

/** What setTimeout can hold: 24 days. */
const longestTimerMs = 2 ** 31 - 1;

/** Ends what runs when its time is over. @param ms @default no limit */
export async function runWithin(
  ms: number | undefined,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<StepEnd>,
): Promise<{ end: StepEnd; timedOut: boolean }> {
  if (ms === undefined) return { end: await run(signal), timedOut: false };
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), Math.min(ms, longestTimerMs));
  try {
    const end = await run(AbortSignal.any([signal, late.signal]));
    return { end, timedOut: late.signal.aborted && !signal.aborted };
  } finally {
    clearTimeout(timer);
  }
}
