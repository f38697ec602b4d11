import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Where each thing of one single-machine edition stands. */
export interface Folder {
  data: string;
  secrets: string;
  redis: string;
  git: string;
  log: string;
  /** Logs of jobs that have ended. */
  store: string;
  /** Sockets; elsewhere than `data` where that path is too long for one. */
  run: string;
  /** Outside of `data`, which steps cannot see. */
  workspaces: string;
  clientFile: string;
}

/** sockaddr_un holds 104 bytes on macOS and 108 on Linux, the ending zero included. */
const socketPathBytes = 103;
const longestSocketName = '/redis.sock';

/** @param data absolute */
export function toFolder(data: string, temporary = tmpdir()): Folder {
  const own = createHash('sha256').update(data).digest('hex').slice(0, 12);
  const run = join(data, 'run');
  const fits = Buffer.byteLength(run) + longestSocketName.length <= socketPathBytes;
  return {
    data,
    secrets: join(data, 'secrets'),
    redis: join(data, 'redis'),
    git: join(data, 'git'),
    log: join(data, 'log'),
    store: join(data, 'store'),
    run: fits ? run : join(temporary, `bellows-run-${own}`),
    workspaces: join(temporary, `bellows-${own}`),
    clientFile: join(data, 'client.json'),
  };
}

/** Makes what is missing. Only the own user may look into any of it; workspaces may be walked through. */
export async function makeFolder(folder: Folder, uid: number): Promise<void> {
  for (const path of [folder.data, folder.secrets, folder.redis, folder.git, folder.log, folder.run])
    await makeOwnFolder(path, 0o700, uid);
  await makeOwnFolder(folder.workspaces, 0o711, uid);
}

// In a shared folder such as /tmp somebody else may have made it first, or laid a link.
export async function makeOwnFolder(path: string, mode: number, uid: number): Promise<void> {
  await mkdir(path, { recursive: true, mode });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== uid)
    throw new Error(`${path} is not a folder of this user (uid ${uid}); remove it, or choose another --data`);
  if ((found.mode & 0o777) !== mode) await chmod(path, mode);
}

/** Removes a folder that others have filled, also where they took the right to do so (as Go's module cache does). */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(async () => {
    await promisify(execFile)('chmod', ['-R', 'u+rwX', '--', path]);
    await rm(path, { recursive: true, force: true });
  });
}
