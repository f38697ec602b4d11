import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, Transform } from 'node:stream';
import * as z from 'zod';
import type { GitCredentials } from './heads.ts';
import { openAnswer } from './open-answer.ts';
import { toCloneUrl } from './origin.ts';
import { PassGitError } from './pass-git.ts';

/** Of a file in Git LFS: its sha256, hex, and its bytes. */
export const lfsObjectSchema = z.object({
  oid: z.string().regex(/^[0-9a-f]{64}$/, 'expected a sha256'),
  // GitHub keeps none that is larger.
  size: z
    .int()
    .min(0)
    .max(5 * 1024 ** 3),
});
export type LfsObject = z.infer<typeof lfsObjectSchema>;

/** Objects of one question; a git-lfs asks for 100. */
export const mostLfsObjects = 1000;

export interface LfsPlace {
  forge: 'gitea' | 'github';
  /** Registered. */
  origin: string;
  /** `owner/name` */
  name: string;
  credentials?: GitCredentials | undefined;
  /** Ends the answer, too. */
  signal: AbortSignal;
  /** Without a byte. @default 60000 */
  idleMs?: number;
}

const mediaType = 'application/vnd.git-lfs+json';
const mostBytes = 8 * 1024 * 1024;

const linkSchema = z.object({
  href: z.string().max(8000),
  header: z.record(z.string().max(100), z.string().max(8000)).optional(),
});
const batchSchema = z.object({
  // Another transfer than the basic one has other actions.
  transfer: z.literal('basic').optional(),
  objects: z
    .array(
      z.object({
        oid: z.string(),
        actions: z.object({ download: linkSchema.optional() }).optional(),
        error: z.object({ code: z.int(), message: z.string() }).optional(),
      }),
    )
    .max(mostLfsObjects),
});
type Link = z.infer<typeof linkSchema>;

/** Why an object is not there, in the forge's words. */
export interface LfsError {
  code: number;
  message: string;
}

/**
 * Which of these the forge has, by its batch API; only ever asked for downloads.
 * https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
 *
 * @returns an error for each that it has not
 * @throws PassGitError
 */
export async function findLfs(
  place: LfsPlace,
  objects: readonly LfsObject[],
): Promise<Map<string, LfsError>> {
  const missing = new Map<string, LfsError>();
  const found = await askBatch(place, objects);
  for (const { oid } of objects) {
    const answer = found.get(oid);
    if (answer?.link === undefined) missing.set(oid, answer?.error ?? { code: 404, message: 'not there' });
  }
  return missing;
}

/**
 * Opens an object. Gitea has them below the repository. GitHub says for each where it stands, with a signature of some
 * minutes: there nobody is shown our credentials, and no place is asked but GitHub's own.
 *
 * @returns the answer as it comes, never of more bytes than its size; whoever takes it ends it
 * @throws PassGitError
 */
export async function openLfs(place: LfsPlace, object: LfsObject): Promise<Readable> {
  const { forge, origin, name, credentials, signal, idleMs } = place;
  const { oid, size } = object;
  let url = new URL(`${toCloneUrl(origin, name)}/info/lfs/objects/${oid}`);
  let shown: Pick<LfsPlace, 'credentials'> & { headers?: Record<string, string> | undefined } = {
    credentials,
  };
  if (forge === 'github') {
    const link = (await askBatch(place, [object])).get(oid)?.link;
    if (link === undefined) throw new PassGitError(`${origin} has no ${oid} for ${name}`);
    url = toGithubPlace(link, origin);
    shown = { credentials: undefined, headers: link.header };
  }
  const headers = { ...shown.headers, accept: '*/*', 'accept-encoding': 'identity' };
  const stream = await open(url, { headers, credentials: shown.credentials, signal, idleMs });
  const length = stream.headers['content-length'];
  if (stream.statusCode === 200 && length === String(size)) return stream;
  // By way of a proxy that does not say how much comes.
  if (stream.statusCode === 200 && length === undefined) return toBounded(stream, size);
  stream.destroy();
  throw new PassGitError(
    stream.statusCode === 200
      ? `${url.origin} sends ${length} bytes for ${oid} of ${name}; expected ${size}`
      : `${url.origin} answers ${stream.statusCode} for ${oid} of ${name}`,
  );
}

function toBounded(stream: IncomingMessage, size: number): Readable {
  let seen = 0;
  const bounded = new Transform({
    transform(part: Buffer, _, done) {
      seen += part.length;
      if (seen > size) done(new PassGitError(`more than the ${size} bytes that were expected came`));
      else done(null, part);
    },
  });
  // Whichever of the two ends by an error ends the other.
  return pipeline(stream, bounded, () => undefined);
}

async function askBatch(
  { origin, name, credentials, signal, idleMs }: LfsPlace,
  objects: readonly LfsObject[],
): Promise<Map<string, { link?: Link | undefined; error?: LfsError | undefined }>> {
  const url = new URL(`${toCloneUrl(origin, name)}/info/lfs/objects/batch`);
  const question = { operation: 'download', transfers: ['basic'], objects, hash_algo: 'sha256' };
  const body = Buffer.from(JSON.stringify(question));
  const headers = { accept: mediaType, 'content-type': mediaType, 'content-length': body.length };
  const stream = await open(url, { headers, body, credentials, signal, idleMs });
  if (stream.statusCode !== 200) {
    stream.destroy();
    throw new PassGitError(`${url.origin} answers ${stream.statusCode} for the files in Git LFS of ${name}`);
  }
  const answer = batchSchema.safeParse(await readJson(stream, url));
  if (!answer.success)
    throw new PassGitError(`${url.origin} does not answer Git LFS as it should for ${name}`);
  return new Map(
    answer.data.objects.map(({ oid, actions, error }) => [
      oid,
      {
        link: error === undefined ? actions?.download : undefined,
        error: error && { code: error.code, message: error.message.slice(0, 200) },
      },
    ]),
  );
}

async function readJson(stream: IncomingMessage, { origin }: URL): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of stream) {
      size += (part as Buffer).length;
      if (size > mostBytes) throw new Error(`its answer is larger than ${mostBytes} bytes`);
      parts.push(part as Buffer);
    }
    return JSON.parse(Buffer.concat(parts).toString());
  } catch (cause) {
    throw new PassGitError(`${origin} does not answer Git LFS as it should`, { cause });
  }
}

/** Its own host, one below it, or where github.com keeps objects. */
function toGithubPlace({ href }: Link, origin: string): URL {
  const own = new URL(origin);
  const url = URL.canParse(href) ? new URL(href) : undefined;
  const isOwn = url?.host === own.host || url?.host.endsWith(`.${own.host}`) === true;
  const isCloud = own.host === 'github.com' && url?.host.endsWith('.githubusercontent.com') === true;
  if (url === undefined || url.protocol !== own.protocol || url.username !== '' || !(isOwn || isCloud))
    throw new PassGitError(
      `${own.origin} says that a file in Git LFS stands at ${url?.origin ?? 'no address'}, which is not its own`,
    );
  return url;
}

async function open(url: URL, options: Parameters<typeof openAnswer>[1]): Promise<IncomingMessage> {
  try {
    return await openAnswer(url, options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PassGitError(`${url.origin} does not answer: ${why}`, { cause });
  }
}
