import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient, ApiError } from '../core/client/index.ts';
import { formatBytes } from '../core/display/index.ts';
import type { Artifact } from '../core/job/index.ts';
import type { Context } from './context.ts';
import { CommandError, exitCodes } from './failure.ts';
import { toTerminal } from './terminal.ts';

type Source = Pick<ApiClient, 'artifactBytes'>;

/** Times without a byte more, after which a download is given up for now. */
const mostTries = 5;
const drawEveryMs = 200;

/** Downloads files below a folder, one after the other; what is there already, and the same, is left. */
export async function downloadAll(
  context: Pick<Context, 'env' | 'stdout' | 'stderr' | 'now'>,
  client: Source,
  id: string,
  artifacts: readonly Artifact[],
  folder: string,
): Promise<void> {
  const progress = createProgress(context, artifacts);
  try {
    for (const artifact of artifacts) {
      const target = join(folder, ...artifact.path.split('/'));
      await mkdir(dirname(target), { recursive: true });
      const isThere = await hasFile(target, artifact);
      if (isThere) progress.add(artifact, artifact.size);
      else await download(client, id, artifact, target, (bytes) => progress.add(artifact, bytes));
      progress.clear();
      context.stdout.write(`${target}${isThere ? ' (was there)' : ''}\n`);
    }
  } finally {
    progress.clear();
  }
}

async function hasFile(target: string, { size, sha256 }: Artifact): Promise<boolean> {
  const found = await stat(target).catch(() => undefined);
  if (found?.isFile() !== true || found.size !== size) return false;
  const file = await open(target, 'r');
  try {
    return (await hashOf(file, size)).digest('hex') === sha256;
  } finally {
    await file.close();
  }
}

/** Into `<target>.part` until it is whole, so that what is cut off can go on, and what is called so is whole. */
async function download(
  client: Source,
  id: string,
  artifact: Artifact,
  target: string,
  onBytes: (count: number) => void,
): Promise<void> {
  const draft = `${target}.part`;
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const file = await open(draft, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
  let digest: string;
  try {
    digest = await fill(client, id, artifact, file, onBytes);
  } finally {
    await file.close();
  }
  if (digest !== artifact.sha256) {
    await unlink(draft);
    throw new CommandError(exitCodes.failure, `${artifact.path} came with other bytes than its sha256 says`);
  }
  await rename(draft, target);
}

/** @returns the sha256 of all of it */
async function fill(
  client: Source,
  id: string,
  artifact: Artifact,
  file: FileHandle,
  onBytes: (count: number) => void,
): Promise<string> {
  const { size, path } = artifact;
  let at = (await file.stat()).size;
  if (at > size) at = 0;
  let hash = await hashOf(file, at);
  onBytes(at);
  let tries = 0;
  while (at < size) {
    const before = at;
    try {
      const response = await client.artifactBytes(id, artifact, at);
      if (response.statusCode !== 206 && at > 0) {
        onBytes(-at);
        [at, hash] = [0, createHash('sha256')];
      }
      for await (const part of response) {
        const bytes = (part as Buffer).subarray(0, size - at);
        await file.write(bytes, 0, bytes.length, at);
        hash.update(bytes);
        at += bytes.length;
        onBytes(bytes.length);
      }
    } catch (error) {
      // The api has said no; anything else is a line that broke.
      if (error instanceof ApiError && error.status < 500) throw error;
      tries = at > before ? 0 : tries + 1;
      if (tries >= mostTries)
        throw new CommandError(
          exitCodes.unreachable,
          `${path} was cut off; the same again goes on from there`,
          {
            cause: error,
          },
        );
      await delay(100 * 2 ** tries);
    }
  }
  await file.truncate(size);
  return hash.digest('hex');
}

async function hashOf(file: FileHandle, length: number): Promise<Hash> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(256 * 1024);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - at), at);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash;
}

/** On a terminal: how far all of it is. */
function createProgress(
  { env, stderr, now }: Pick<Context, 'env' | 'stderr' | 'now'>,
  artifacts: readonly Artifact[],
) {
  const all = artifacts.reduce((sum, { size }) => sum + size, 0);
  const { isTTY } = toTerminal(env, stderr);
  let done = 0;
  let drawnAt = now();
  let isDrawn = false;
  return {
    add({ path }: Artifact, bytes: number): void {
      done += bytes;
      if (!isTTY || now() - drawnAt < drawEveryMs) return;
      drawnAt = now();
      isDrawn = true;
      const share = all === 0 ? 100 : Math.floor((done / all) * 100);
      stderr.write(`\r\x1b[K${share} % of ${formatBytes(all)}  ${path.slice(-50)}`);
    },
    clear(): void {
      if (isDrawn) stderr.write('\r\x1b[K');
      isDrawn = false;
    },
  };
}
