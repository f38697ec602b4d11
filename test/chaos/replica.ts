import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** One api process, as it is shipped: its one bundled file. */
export interface Replica {
  name: string;
  /** Undefined while it does not listen. */
  readonly port: number | undefined;
  readonly pid: number | undefined;
  /** At once, and safe twice. */
  kill(): void;
  signal(signal: NodeJS.Signals): void;
  /** Starts it where it is not alive; listening when it returns. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface ReplicaOptions {
  name: string;
  program: string;
  env: Record<string, string>;
  /** Every line that it logs. */
  onLine(line: string): void;
}

export function createReplica({ name, program, env, onLine }: ReplicaOptions): Replica {
  let child: ChildProcess | undefined;
  let port: number | undefined;
  let starting: Promise<void> | undefined;
  let stopped = false;
  /** Its last words may still be read after it was killed. */
  let dying: ChildProcess | undefined;

  const start = async () => {
    const own = spawn(process.execPath, [program], {
      env: {
        PATH: process.env.PATH ?? '',
        NODE_COMPILE_CACHE: join(dirname(program), 'compile-cache'),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = own;
    own.once('exit', () => {
      if (child !== own) return;
      port = undefined;
      child = undefined;
      starting = undefined;
    });
    if (own.stdout === null || own.stderr === null) throw new Error('no pipes');
    createInterface({ input: own.stderr }).on('line', onLine);
    const lines = createInterface({ input: own.stdout });
    await new Promise<void>((resolve, reject) => {
      own.once('exit', (code, signal) => reject(new Error(`api ${name} ended: ${signal ?? code}`)));
      lines.on('line', (line) => {
        onLine(line);
        const [, found] = /"port":(\d+)/.exec(line) ?? [];
        if (found === undefined || port !== undefined || dying === own) return;
        port = Number(found);
        resolve();
      });
    });
  };

  return {
    name,
    get port() {
      return port;
    },
    get pid() {
      return child?.pid;
    },
    kill: () => {
      port = undefined;
      starting = undefined;
      dying = child;
      child?.kill('SIGKILL');
    },
    signal: (signal) => void child?.kill(signal),
    start: async () => {
      while (!stopped) {
        if (child !== undefined && starting === undefined) await once(child, 'exit');
        starting ??= start();
        try {
          return await starting;
        } catch (error) {
          // Killed while it started: then once more, unless that is the end.
          if (stopped) return;
          if (!(error instanceof Error && error.message.includes('SIGKILL'))) throw error;
        }
      }
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
