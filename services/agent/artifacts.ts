import { createHash } from 'node:crypto';
import { formatBytes } from '../core/display/index.ts';
import { findFiles, openTreeFile, type Write } from '../core/execute/index.ts';
import { type Artifact, artifactLimits, artifactPathSchema } from '../core/job/index.ts';
import { type ArtifactsSettings, GlobError, toPathFilter } from '../core/pipeline/index.ts';
import type { ArtifactSender } from './artifact-sender.ts';

export interface KeepOptions {
  tree: string;
  /** Who steps run as, where that is not us. */
  uid: number | undefined;
  /** The step's name. */
  step: string;
  settings: ArtifactsSettings;
  sender: ArtifactSender;
  write: Write;
  signal: AbortSignal;
}

export interface Kept {
  count: number;
  bytes: number;
}

/** Of names that are printed. */
const mostNames = 20;
const skipped: ReadonlySet<string> = new Set(['.git']);

/** What is wrong with what the author wants kept, in one line. */
class KeepError extends Error {
  override name = 'KeepError';
}

/** Sends the files that a step names, all or none. Undefined where it could not, which the step's log says. */
export async function keepArtifacts(options: KeepOptions): Promise<Kept | undefined> {
  const say = (line: string) => options.write(Buffer.from(`${line}\n`));
  try {
    const files = await find(options, say);
    const sent = await send(options, files);
    const bytes = sent.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of sent.slice(0, mostNames)) await say(`${path}  ${formatBytes(size)}`);
    if (sent.length > mostNames) await say(`and ${sent.length - mostNames} more`);
    await say(`Kept: ${sent.length} ${sent.length === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}.`);
    return { count: sent.length, bytes };
  } catch (error) {
    if (error instanceof GlobError) await say(`The pattern ${error.message}.`);
    else if (error instanceof KeepError) await say(error.message);
    else throw error;
    return undefined;
  }
}

interface Source {
  /** In the tree. */
  from: string;
  /** As what it is kept. */
  path: string;
  size: number;
}

async function find(
  { tree, uid, step, settings, signal }: KeepOptions,
  say: (line: string) => void | Promise<void>,
): Promise<Source[]> {
  const { paths: wanted, exclude } = settings;
  const filter = toPathFilter(wanted, exclude);
  const { paths, others, isCut } = await findFiles(tree, {
    filter,
    skip: skipped,
    most: artifactLimits.files,
    signal,
  });
  if (isCut)
    throw new KeepError(
      `There are more than ${artifactLimits.files} files, or too many to look through: pack them, or name fewer.`,
    );
  for (const path of others.slice(0, mostNames)) await say(`${path} is left out: it is no plain file.`);
  if (paths.length === 0) throw new KeepError(`No file is called ${wanted.join(', ')}.`);
  const folder = settings.name ?? toFolder(step);
  const sources: Source[] = [];
  for (const from of paths) {
    const path = `${folder}/${from}`;
    if (!artifactPathSchema.safeParse(path).success)
      throw new KeepError(
        `${path} cannot be kept: names are of letters, digits, dots, dashes and _, each of 100 at most. Rename it, or pack it.`,
      );
    const opened = await openTreeFile(tree, from, uid);
    if (opened === undefined) throw new KeepError(`${from} cannot be kept: it is no file of this workspace.`);
    await opened.file.close();
    sources.push({ from, path, size: opened.size });
  }
  return sources;
}

/** A step's name may be any line. */
function toFolder(step: string): string {
  const name = step.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100);
  return /^\.{0,2}$/.test(name) ? 'artifacts' : name;
}

async function send(
  { tree, uid, sender, signal }: KeepOptions,
  sources: readonly Source[],
): Promise<Artifact[]> {
  const bytes = sources.reduce((sum, { size }) => sum + size, 0);
  const opened = await sender.open({ bytes, files: sources.length }, signal);
  if ('refused' in opened) throw new KeepError(opened.refused);
  const { bundle } = opened;
  const parts = createParts(async (part, body) => {
    const answer = await sender.put(bundle, part, body, signal);
    if (answer !== undefined && 'refused' in answer) throw new KeepError(answer.refused);
  });
  const files: Artifact[] = [];
  for (const source of sources) {
    const sha256 = await sendFile(tree, uid, source, parts.add);
    files.push({ path: source.path, size: source.size, sha256 });
  }
  await parts.end();
  const closed = await sender.close(bundle, { files }, signal);
  if (closed !== undefined && 'refused' in closed) throw new KeepError(closed.refused);
  return files;
}

/** @returns its sha256 */
async function sendFile(
  tree: string,
  uid: number | undefined,
  { from, size }: Source,
  add: (bytes: Uint8Array) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256');
  const opened = await openTreeFile(tree, from, uid);
  const changed = () => new KeepError(`${from} was changed while it was being kept.`);
  if (opened === undefined) throw changed();
  try {
    if (opened.size !== size) throw changed();
    const buffer = Buffer.allocUnsafe(256 * 1024);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await opened.file.read(buffer, 0, Math.min(buffer.length, size - at), at);
      if (bytesRead === 0) throw changed();
      const bytes = buffer.subarray(0, bytesRead);
      hash.update(bytes);
      await add(bytes);
      at += bytesRead;
    }
  } finally {
    await opened.file.close();
  }
  return hash.digest('hex');
}

/** Cuts a row of bytes into parts; the next is filled while one is on its way. */
function createParts(put: (part: number, bytes: Uint8Array) => Promise<void>) {
  let part = 1;
  let held = Buffer.allocUnsafe(artifactLimits.partBytes);
  let length = 0;
  let sending = Promise.resolve();

  const flush = async () => {
    const body = held.subarray(0, length);
    const number = part;
    await sending;
    part += 1;
    held = Buffer.allocUnsafe(artifactLimits.partBytes);
    length = 0;
    sending = put(number, body);
    // Whoever awaits it next hears of it.
    sending.catch(() => undefined);
  };
  return {
    add: async (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; ) {
        const taken = bytes.subarray(at, at + held.length - length);
        held.set(taken, length);
        length += taken.length;
        at += taken.length;
        if (length === held.length) await flush();
      }
    },
    end: async () => {
      if (length > 0) await flush();
      await sending;
    },
  };
}
