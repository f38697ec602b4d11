/** V8's `gc`, which is there with `--expose-gc`. */
type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

export interface GiveBackOptions {
  /** @default V8's own, where the process was started with it */
  collect?: Collect | undefined;
  /** Bytes that the process holds. @default its resident set */
  held?: () => number;
  /** @default 1000 */
  everyMs?: number;
}

/** Share of the time in which a process that rests may still be at work. */
const atRest = 0.05;
const worthwhileBytes = 4 * 1024 * 1024;

/**
 * Gives memory back when a burst is over. V8 keeps what a burst took until the next one needs it; only with
 * `--optimize-for-size` it gives back by itself, and then a burst costs twice the time.
 *
 * @returns ends it
 */
export function giveBackMemory(options: GiveBackOptions = {}): () => void {
  const {
    collect = globalThis.gc as Collect | undefined,
    held = process.memoryUsage.rss,
    everyMs = 1000,
  } = options;
  if (collect === undefined) return () => undefined;
  let before = performance.eventLoopUtilization();
  let least = 0;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > atRest || held() < least + worthwhileBytes) return;
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    least = held();
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
