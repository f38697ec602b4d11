import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { promisify } from 'node:util';

/**
 * The first of the user ids that steps run as, where root started us: another one for each data folder,
 * so that two of them on one machine neither read nor end each other's steps. Out of the range that Debian
 * keeps free of accounts, and below what a container with 65,536 ids of its own can hold.
 */
export function toFirstStepUid(data: string): number {
  const place = createHash('sha256').update(data).digest().readUInt32BE(0);
  return 30_000 + (place % 460) * 64;
}

/**
 * Asks the machine's own directory of users; macOS has no getent, and gives accounts ids from 501 on.
 *
 * @throws when one of these ids is somebody's: all that runs as one is ended after each job
 */
export async function requireNobody(uids: readonly number[]): Promise<void> {
  const found = await promisify(execFile)('getent', ['passwd', ...uids.map(String)]).then(
    ({ stdout }) => stdout,
    // Exit code 2: some of them are nobody's; the others are printed.
    (error: { stdout?: string }) => error.stdout ?? '',
  );
  const [name, , uid] = found.split(':');
  if (uid === undefined) return;
  throw new Error(
    `Steps would run as user ${uid}, which is the account of ${name}; set BELLOWS_STEP_UIDS to the first of ${uids.length} free user ids`,
  );
}

/**
 * Ends whatever a step has left running: it would meet the next job under the same user id. `kill -1`
 * reaches every process of the user that runs it, and spares the one that asks.
 */
export async function endUser(uid: number): Promise<void> {
  const shell = spawn('/bin/sh', ['-c', 'kill -s KILL -- -1'], { uid, gid: uid, stdio: 'ignore', cwd: '/' });
  await once(shell, 'exit');
}
