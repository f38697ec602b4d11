/**
 * Lets one push at a time move refs of a repository, and only while the api knows where they stood
 * before: so at most one movement of a ref is ever undelivered, and the reconciler can tell what it was.
 */
export interface Gate {
  /** Resolves when this push may go on; it must `leave`. Rejects with HeldError after `holdMs`. */
  enter(repository: string): Promise<void>;
  /** @param delivered false where the api may not know of a movement: the repository is repaired first. */
  leave(repository: string, delivered: boolean): void;
  /** True when nothing is known to be undelivered. */
  isClean(repository: string): boolean;
  /** Lets nobody in any more; whoever waits is sent away at once. */
  stop(): void;
}

export interface GateOptions {
  /** Brings the api up to date with one repository, or with all; repeated with back-off until it resolves. */
  repair(repository: string | undefined): Promise<void>;
  /** For a push that has to wait. @default 10000 */
  holdMs?: number;
}

export class HeldError extends Error {
  override name = 'HeldError';
}

interface Entry {
  busy: boolean;
  dirty: boolean;
  waiters: Set<Waiter>;
}

interface Waiter {
  go(): void;
  refuse(why: string): void;
}

const firstDelayMs = 50;
const longestDelayMs = 2000;

/** Begins dirty: what happened before this start is known only after the first repair of all. */
export function createGate({ repair, holdMs = 10_000 }: GateOptions): Gate {
  const entries = new Map<string, Entry>();
  const timers = new Set<NodeJS.Timeout>();
  let begun = false;
  let stopped = false;

  const open = (repository: string): Entry => {
    const found = entries.get(repository) ?? { busy: false, dirty: false, waiters: new Set() };
    entries.set(repository, found);
    return found;
  };
  const isFree = (entry: Entry) => begun && !entry.busy && !entry.dirty;
  const wake = (entry: Entry) => {
    const [first] = entry.waiters;
    if (isFree(entry)) first?.go();
  };

  function repeat(repository: string | undefined, onDone: () => void, delayMs = firstDelayMs): void {
    repair(repository).then(onDone, () => {
      if (stopped) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        repeat(repository, onDone, Math.min(delayMs * 2, longestDelayMs));
      }, delayMs);
      timers.add(timer);
    });
  }

  repeat(undefined, () => {
    begun = true;
    for (const entry of entries.values()) wake(entry);
  });

  return {
    enter: (repository) =>
      new Promise((resolve, reject) => {
        if (stopped) return reject(toHeld(repository, 'Bellows is ending'));
        const entry = open(repository);
        if (isFree(entry)) {
          entry.busy = true;
          return resolve();
        }
        const waiter: Waiter = {
          go: () => {
            clearTimeout(timer);
            entry.waiters.delete(waiter);
            entry.busy = true;
            resolve();
          },
          refuse: (why) => {
            clearTimeout(timer);
            entry.waiters.delete(waiter);
            reject(toHeld(repository, why));
          },
        };
        const timer = setTimeout(() => {
          waiter.refuse(
            entry.busy ? 'another push to it is still under way' : 'an earlier push is not yet in the queue',
          );
        }, holdMs);
        entry.waiters.add(waiter);
      }),
    leave: (repository, delivered) => {
      const entry = open(repository);
      entry.busy = false;
      if (stopped) return;
      if (delivered) {
        wake(entry);
        if (isFree(entry) && entry.waiters.size === 0) entries.delete(repository);
        return;
      }
      entry.dirty = true;
      repeat(repository, () => {
        entry.dirty = false;
        wake(entry);
      });
    },
    isClean: (repository) => begun && entries.get(repository)?.dirty !== true,
    stop: () => {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      for (const { waiters } of entries.values())
        for (const each of [...waiters]) each.refuse('Bellows is ending');
    },
  };
}

function toHeld(repository: string, why: string): HeldError {
  return new HeldError(
    `${repository} takes no push right now: ${why}. Nothing was changed; push again in a moment.`,
  );
}
