import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { refSchema, shaSchema } from '../job/index.ts';
import { toCloneUrl } from './origin.ts';
import { PktLineError, parsePktLines } from './pkt-line.ts';

export interface GitCredentials {
  username: string;
  password: string;
}

export interface ReadHeadsOptions {
  credentials?: GitCredentials | undefined;
  /** For the whole answer. @default 10000 */
  timeoutMs?: number;
  /** Of the answer. @default 16 MiB, some 200,000 refs */
  maxBytes?: number;
}

/** Where a repository's refs stand. */
export interface Heads {
  /** Ref → what it holds: a commit, or an annotated tag. */
  refs: Map<string, string>;
  /** The same, but for tags the commit that they name. */
  commits: Map<string, string>;
}

/** The forge did not say where its refs stand; nothing is known of them. */
export class HeadsError extends Error {
  override name = 'HeadsError';
}

/**
 * Where the branches, tags and pull requests of a repository stand, by git's own protocol over HTTP
 * (gitprotocol-http(5), version 0): one request, no process, no redirect followed.
 *
 * @returns without refs that no pipeline can start from
 * @throws HeadsError
 */
export async function readHeads(
  origin: string,
  name: string,
  { credentials, timeoutMs = 10_000, maxBytes = 16 << 20 }: ReadHeadsOptions = {},
): Promise<Heads> {
  const url = new URL(`${toCloneUrl(origin, name)}/info/refs?service=git-upload-pack`);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await get(url, credentials, signal);
    const type = response.headers['content-type'];
    if (response.statusCode !== 200 || type !== 'application/x-git-upload-pack-advertisement') {
      response.destroy();
      throw new HeadsError(
        `${url.origin} answered ${response.statusCode} (${type ?? 'no type'}) for the refs of ${name}; expected 200 and git's advertisement.`,
      );
    }
    return parseHeads(await readBounded(response, maxBytes));
  } catch (cause) {
    if (cause instanceof HeadsError) throw cause;
    const why = signal.aborted ? `no answer within ${timeoutMs} ms` : String(cause);
    throw new HeadsError(`The refs of ${name} cannot be read from ${url.origin}: ${why}`, { cause });
  }
}

/** @throws PktLineError when the text is cut or is not git's. */
export function parseHeads(advertisement: Buffer): Heads {
  const refs = new Map<string, string>();
  const commits = new Map<string, string>();
  const [service, ...lines] = parsePktLines(advertisement);
  if (service?.toString() !== '# service=git-upload-pack\n')
    throw new PktLineError('expected the service line of git-upload-pack');
  for (const line of lines) {
    // `<sha> <ref>`, the first one with `\0<capabilities>`; after a tag, `^{}` marks what it names.
    const [, sha, ref, peeled] = /^([0-9a-f]+) ([^\0\n]+?)(\^\{\})?(?:\0|\n|$)/.exec(line.toString()) ?? [];
    if (!shaSchema.safeParse(sha).success || !refSchema.safeParse(ref).success) continue;
    if (peeled === undefined) refs.set(`${ref}`, `${sha}`);
    commits.set(`${ref}`, `${sha}`);
  }
  return { refs, commits };
}

function get(url: URL, credentials: GitCredentials | undefined, signal: AbortSignal) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request: ClientRequest = send(url, {
      agent: false,
      signal,
      headers: { accept: '*/*', 'user-agent': 'git/2 bellows' },
      ...(credentials === undefined ? {} : { auth: `${credentials.username}:${credentials.password}` }),
    });
    request.on('response', resolve);
    request.on('error', reject);
    request.end();
  });
}

async function readBounded(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    size += (part as Buffer).length;
    if (size > maxBytes) throw new HeadsError(`The answer is larger than ${maxBytes} bytes.`);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}
