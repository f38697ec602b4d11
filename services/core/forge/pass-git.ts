import type { IncomingMessage } from 'node:http';
import type { GitCredentials } from './heads.ts';
import { openAnswer } from './open-answer.ts';
import { toCloneUrl } from './origin.ts';

/** What reads a repository over HTTP (gitprotocol-http(5)): where its refs stand, then the exchange. Nothing writes. */
export type GitQuestion = { kind: 'refs' } | { kind: 'exchange'; body: Uint8Array; gzip: boolean };

export interface PassGitOptions {
  /** `owner/name`, as registered. */
  name: string;
  credentials?: GitCredentials | undefined;
  /** `version=2`, as the asker's git says it. */
  protocol?: string | undefined;
  /** Ends the answer, too. */
  signal: AbortSignal;
  /** Without a byte. @default 60000 */
  idleMs?: number;
}

/** The forge does not answer git as it should, or refuses these credentials. */
export class PassGitError extends Error {
  override name = 'PassGitError';
}

const service = 'git-upload-pack';

/**
 * Asks a forge what a git elsewhere wants to know, with credentials that it does not have. No redirect is followed.
 *
 * @returns the answer as it comes; whoever takes it ends it
 * @throws PassGitError
 */
export async function passGit(
  origin: string,
  question: GitQuestion,
  { name, credentials, protocol, signal, idleMs }: PassGitOptions,
): Promise<{ type: string; stream: IncomingMessage }> {
  const base = toCloneUrl(origin, name);
  const isRefs = question.kind === 'refs';
  const url = new URL(isRefs ? `${base}/info/refs?service=${service}` : `${base}/${service}`);
  const headers = {
    accept: '*/*',
    ...(protocol === undefined ? {} : { 'git-protocol': protocol }),
    ...(isRefs
      ? {}
      : {
          'content-type': `application/x-${service}-request`,
          'content-length': String(question.body.length),
          ...(question.gzip ? { 'content-encoding': 'gzip' } : {}),
        }),
  };
  try {
    const body = isRefs ? undefined : question.body;
    const stream = await openAnswer(url, { headers, body, credentials, signal, idleMs });
    const type = `application/x-${service}-${isRefs ? 'advertisement' : 'result'}`;
    if (stream.statusCode === 200 && stream.headers['content-type'] === type) return { type, stream };
    stream.destroy();
    throw new PassGitError(
      `${url.origin} answers ${stream.statusCode} for ${name}${credentials === undefined ? '' : ' with the token of this Bellows'}`,
    );
  } catch (cause) {
    if (cause instanceof PassGitError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PassGitError(`${url.origin} does not answer: ${why}`, { cause });
  }
}
