import { createWriteStream } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Reaper } from '../../core/execute/index.ts';
import { startDurableRedis } from '../../core/runtime/index.ts';
import { type Child, startChild } from '../process/child.ts';
import { type Kept, keepRunning } from '../process/keep-running.ts';
import { writeOwnFile } from '../secrets.ts';
import { toMaxMemory, toRedisConf, toRedisUsers } from './conf.ts';
import { endLeftover } from './leftover.ts';

export interface RedisServerOptions {
  reaper: Reaper;
  /** The program, 7 or newer. */
  program: string;
  /** Where it is looked for. */
  path: string;
  /** For its data and its files. */
  folder: string;
  /** For its socket. */
  run: string;
  logFile: string;
  apiPassword: string;
  onLoss(text: string, delayMs: number): void;
}

/** A Redis of our own, on a unix socket only, which ends when we do. */
export async function openRedisServer(options: RedisServerOptions): Promise<Kept & { url: string }> {
  const { folder, program } = options;
  const socket = join(options.run, 'redis.sock');
  const pidFile = join(folder, 'redis.pid');
  const confFile = join(folder, 'redis.conf');
  const aclFile = join(folder, 'users.acl');
  await endLeftover(pidFile, socket);
  await writeOwnFile(aclFile, toRedisUsers(options.apiPassword));
  const maxMemoryBytes = toMaxMemory(totalmem());
  await writeOwnFile(confFile, toRedisConf({ folder, socket, pidFile, aclFile, maxMemoryBytes }));

  const args = [program, confFile, folder, join(options.run, 'load.sock')];
  const kept = await keepRunning({
    name: `Redis (${program}; its log: ${options.logFile})`,
    start: () => {
      const child = startChild(options.reaper, 'sh', ['-c', startDurableRedis, 'redis', ...args], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: options.path, LC_ALL: 'C' },
      });
      const log = createWriteStream(options.logFile, { flags: 'w', mode: 0o600 });
      child.process.stdout?.pipe(log);
      child.process.stderr?.pipe(log, { end: false });
      return child;
    },
    ready: untilReady,
    onLoss: options.onLoss,
  });
  const url = `unix://${encodeURI(socket)}`;
  return {
    url,
    stop: kept.stop,
    kill: kept.kill,
    get pid() {
      return kept.pid;
    },
  };
}

/** It says so in its log, in 7.0 and in 8 alike, and only after its data is loaded. */
function untilReady(child: Child): Promise<void> {
  return new Promise((resolve) => {
    const { stdout } = child.process;
    if (stdout === null) return;
    const lines = createInterface({ input: stdout });
    lines.on('line', (line) => {
      if (/ready to accept connections/i.test(line)) {
        lines.removeAllListeners('line');
        resolve();
      }
    });
  });
}
