/** Why a build is ended before its time. The first cause wins. */
export type Cause = 'cancelled' | 'timeout' | 'lost' | 'stopped' | 'silent';

export class Ended extends Error {
  override name = 'Ended';
  readonly ended: Cause;
  constructor(cause: Cause) {
    super(`the build was ended: ${cause}`);
    this.ended = cause;
  }
}

/** Ends a build once, whoever asks first. */
export function createEnding() {
  const abort = new AbortController();
  return {
    signal: abort.signal,
    end: (cause: Cause) => {
      if (!abort.signal.aborted) abort.abort(new Ended(cause));
    },
    get cause(): Cause | undefined {
      const { reason } = abort.signal;
      return reason instanceof Ended ? reason.ended : undefined;
    },
  };
}

export type Ending = ReturnType<typeof createEnding>;
