/** Why a build is ended before its time. The first cause wins. */
export type Cause = 'cancelled' | 'timeout' | 'lost' | 'stopped' | 'silent';

export class Ended extends Error {
  override name = 'Ended';
  readonly ended: Cause;
  /** For people; undefined where the cause says all. */
  readonly reason: string | undefined;
  constructor(cause: Cause, reason?: string) {
    super(`the build was ended: ${cause}`);
    this.ended = cause;
    this.reason = reason;
  }
}

/** What setTimeout can hold: 24 days. */
const longestTimerMs = 2 ** 31 - 1;

/** Ends a build when its time is over; the shortest limit wins. @param limitMs of the whole job */
export function limitTime(ending: Ending, limitMs: number, spentMs = 0): NodeJS.Timeout {
  const reason = `it ran longer than its limit of ${limitMs / 1000} s`;
  const leftMs = Math.min(Math.max(0, limitMs - spentMs), longestTimerMs);
  return setTimeout(() => ending.end('timeout', reason), leftMs);
}

/** Ends a build once, whoever asks first. */
export function createEnding() {
  const abort = new AbortController();
  return {
    signal: abort.signal,
    end: (cause: Cause, reason?: string) => {
      if (!abort.signal.aborted) abort.abort(new Ended(cause, reason));
    },
    get cause(): Cause | undefined {
      const { reason } = abort.signal;
      return reason instanceof Ended ? reason.ended : undefined;
    },
    get reason(): string | undefined {
      const { reason } = abort.signal;
      return reason instanceof Ended ? reason.reason : undefined;
    },
  };
}

export type Ending = ReturnType<typeof createEnding>;
