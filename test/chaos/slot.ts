import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Order } from './agent/work.ts';

export interface SlotOptions {
  program: string;
  url: string;
  leaseMs: number;
  journal: string;
}

/** A place for one agent's process. */
export interface Slot {
  /** One agent's life: its exit code, or undefined where it was killed. */
  live(order: Order): Promise<number | undefined>;
  readonly pid: number | undefined;
  kill(): void;
  signal(signal: NodeJS.Signals): void;
  /** Of the processes from now on; ends the one there is. */
  setEnv(env: Record<string, string>): void;
  stop(): Promise<void>;
}

export function createSlot({ program, url, leaseMs, journal }: SlotOptions): Slot {
  let child: ChildProcess | undefined;
  let more: Record<string, string> = {};
  let stopped = false;

  const start = () => {
    const own = spawn(process.execPath, [program], {
      env: {
        PATH: process.env.PATH ?? '',
        CHAOS_API: url,
        CHAOS_LEASE_MS: String(leaseMs),
        CHAOS_JOURNAL: journal,
        // As the spawner gives it to an agent.
        NODE_COMPILE_CACHE: join(dirname(program), 'compile-cache'),
        ...more,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    own.stdin?.on('error', () => undefined);
    own.once('exit', () => {
      if (child !== own) return;
      // The next one is ready when it is needed.
      child = stopped ? undefined : start();
    });
    return own;
  };
  child = start();

  return {
    live: (order) =>
      new Promise((resolve) => {
        const own = child;
        if (own === undefined || own.stdout === null) return resolve(undefined);
        const lines = createInterface({ input: own.stdout });
        const settle = (exit: number | undefined) => {
          lines.close();
          own.off('exit', onExit);
          resolve(exit);
        };
        const onExit = () => settle(undefined);
        own.once('exit', onExit);
        lines.once('line', (line) => settle(Number(line)));
        own.stdin?.write(`${JSON.stringify(order)}\n`);
      }),
    get pid() {
      return child?.pid;
    },
    kill: () => void child?.kill('SIGKILL'),
    signal: (signal) => void child?.kill(signal),
    setEnv: (env) => {
      more = env;
      child?.kill('SIGKILL');
    },
    stop: async () => {
      stopped = true;
      const own = child;
      if (own === undefined) return;
      const ended = once(own, 'exit');
      own.kill('SIGKILL');
      await ended;
    },
  };
}
