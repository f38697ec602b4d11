/** Something with a life: `start` returns when it runs, `stop` when it has stopped; both are safe twice. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Stops what was started, last first; each stop runs even where another one fails. */
export function createStack(): Stoppable & { add(name: string, stop: () => Promise<void> | void): void } {
  const entries: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;
  const stopAll = async () => {
    const errors: unknown[] = [];
    for (const { stop } of entries.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything stopped cleanly');
  };
  return {
    add: (name, stop) => void entries.push({ name, stop }),
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

/** Resolves with the first of SIGINT, SIGTERM, SIGHUP; a second one is left to Node, which ends the process. */
export function untilSignal(target: NodeJS.EventEmitter = process): Promise<NodeJS.Signals> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  return new Promise((resolve) => {
    const listener = (signal: NodeJS.Signals) => {
      for (const name of signals) target.off(name, listener);
      resolve(signal);
    };
    for (const name of signals) target.on(name, listener);
  });
}
