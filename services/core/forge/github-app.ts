import { type KeyObject, sign } from 'node:crypto';
import * as z from 'zod';
import { askForge, RestError, toRepositoryPath, toWhy } from './rest.ts';
import type { ForgeToken, TokenQuestion } from './token.ts';

export interface GithubApp {
  /** Its number, or its client id. */
  id: string;
  /** RSA, as GitHub made it. */
  key: KeyObject;
}

export interface GithubAppOptions {
  /** Where GitHub is, as for cloning. */
  origin: string;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
}

const installationSchema = z.object({ id: z.int().positive() });
const tokenSchema = z.object({
  token: z.string().min(20).max(1000),
  expires_at: z.iso.datetime({ offset: true }),
});

/** Being made, or made: one for all who ask at once. `until`: milliseconds since 1970. */
type Made = Promise<{ token: string; until: number }>;

/** A token lives for an hour; one that ends sooner than this is not used for what may take a while. */
const restMs = 10 * 60_000;
const mostTokens = 2000;

/**
 * Tokens of an installed GitHub App, each for one repository and an hour; what is for clones may read contents and nothing
 * else. The App is found where the repository has it installed, whoever that belongs to.
 * https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app
 */
export function createAppTokens(app: GithubApp, { origin, now = Date.now }: GithubAppOptions): ForgeToken {
  const made = new Map<string, Made>();

  const ask = async <S extends z.ZodType>(
    repository: string,
    schema: S,
    path: string,
    body?: object,
  ): Promise<z.infer<S>> => {
    const access = { forge: 'github' as const, origin, token: toJwt(app, now()) };
    const answer = await askForge(access, path, body === undefined ? {} : { method: 'POST', body });
    if (answer.status !== 200 && answer.status !== 201)
      throw new RestError(
        `GitHub gives the App ${app.id} no token for ${repository}: ${toWhy(answer)}. Is it installed there?`,
        { isRefused: answer.status < 500 },
      );
    try {
      return schema.parse(JSON.parse(answer.body.toString()));
    } catch {
      // What it says may hold a token.
      throw new RestError(`what GitHub says to ${path} is not as expected`);
    }
  };

  const make = async ({ repository, use }: TokenQuestion) => {
    const { id } = await ask(repository, installationSchema, `${toRepositoryPath(repository)}/installation`);
    const [, name] = repository.split('/');
    return ask(repository, tokenSchema, `/app/installations/${id}/access_tokens`, {
      repositories: [name],
      ...(use === 'clone' ? { permissions: { contents: 'read' } } : {}),
    });
  };

  const renew = (key: string, question: TokenQuestion): Made => {
    const fresh: Made = make(question).then(({ token, expires_at }) => ({
      token,
      until: Date.parse(expires_at) - restMs,
    }));
    made.delete(key);
    made.set(key, fresh);
    const [oldest] = made.keys();
    if (made.size > mostTokens && oldest !== undefined) made.delete(oldest);
    fresh.catch(() => made.get(key) === fresh && made.delete(key));
    return fresh;
  };

  return async (question) => {
    const { repository, use, refused } = question;
    const key = `${use} ${repository}`;
    const known = made.get(key);
    const found = await known;
    if (found !== undefined && found.until > now() && found.token !== refused) return found.token;
    // Where it was taken back, so was that for clones.
    if (refused !== undefined && use === 'api') made.delete(`clone ${repository}`);
    const faster = made.get(key);
    const { token } = await (faster === undefined || faster === known ? renew(key, question) : faster);
    return token;
  };
}

/** RFC 7519, RS256; GitHub takes none that is for longer than 10 minutes, and its clock may be behind ours. */
function toJwt({ id, key }: GithubApp, now: number): string {
  const at = Math.floor(now / 1000);
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iat: at - 60, exp: at + 540, iss: id })}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}
