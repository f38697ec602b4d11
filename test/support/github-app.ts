import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';

export interface AppDouble {
  id: string;
  /** What GitHub gives whoever makes the App, once. */
  key: KeyObject;
  /** `owner/name` → the installation that has it; others have none. */
  installed: Map<string, number>;
  /** Each that was given, with what was asked for. */
  given: { token: string; repository: string; permissions: unknown; until: number }[];
  /** Milliseconds since 1970. */
  now(): number;
  /** Takes back all that was given: the App was installed anew. */
  revoke(): void;
  /** Answers of GitHub's; undefined where this is no question of an App. */
  answer(
    method: string,
    path: string,
    authorization: string,
    body: string,
  ): { status: number; body: unknown } | undefined;
  /** Whether a token is good for what is below `/repos/<owner>/<name>`. */
  lets(authorization: string, path: string): boolean;
}

/**
 * A GitHub App as GitHub answers it over the wire (docs.github.com/rest/apps/apps): JWT by RS256 of ten minutes at most, the
 * installation of a repository, tokens of an hour.
 */
export function createAppDouble({ now = Date.now }: { now?: () => number } = {}): AppDouble {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const id = '31415';
  const installed = new Map<string, number>();
  const given: AppDouble['given'] = [];
  let count = 0;

  const refusal = (authorization: string): string | undefined => {
    const [, header = '', claims = '', signature = ''] =
      /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization) ?? [];
    const read = (part: string) =>
      JSON.parse(Buffer.from(part, 'base64url').toString() || '{}') as Record<string, unknown>;
    if (read(header).alg !== 'RS256') return 'A JSON web token could not be decoded';
    const text = Buffer.from(`${header}.${claims}`);
    if (!verify('RSA-SHA256', text, publicKey, Buffer.from(signature, 'base64url')))
      return 'A JSON web token could not be decoded';
    const { iat, exp, iss } = read(claims);
    const seconds = now() / 1000;
    if (iss !== id) return 'Integration not found';
    if (Number(iat) > seconds)
      return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    if (!(Number(exp) > seconds && Number(exp) <= seconds + 600))
      return "'Expiration time' claim ('exp') is too far in the future";
    return undefined;
  };

  return {
    id,
    key: privateKey,
    installed,
    given,
    now,
    revoke: () => void given.splice(0),
    lets: (authorization, path) =>
      given.some(
        ({ token, repository, until }) =>
          authorization === `Bearer ${token}` && until > now() && path.startsWith(`/repos/${repository}/`),
      ),
    answer(method, path, authorization, body) {
      const [, repository] = /^\/repos\/([^/]+\/[^/]+)\/installation$/.exec(path) ?? [];
      const [, installation] = /^\/app\/installations\/(\d+)\/access_tokens$/.exec(path) ?? [];
      if (repository === undefined && installation === undefined) return undefined;
      const why = refusal(authorization);
      if (why !== undefined) return { status: 401, body: { message: why } };
      if (repository !== undefined) {
        const found = installed.get(repository);
        if (method !== 'GET' || found === undefined) return { status: 404, body: { message: 'Not Found' } };
        return { status: 200, body: { id: found, app_id: Number(id), target_type: 'Organization' } };
      }
      const { repositories = [], permissions } = JSON.parse(body) as {
        repositories?: string[];
        permissions?: unknown;
      };
      const own = [...installed]
        .filter(([, number]) => number === Number(installation))
        .map(([name]) => name);
      const wanted = own.find((name) => name.split('/')[1] === repositories[0]);
      if (method !== 'POST' || repositories.length !== 1 || wanted === undefined)
        return {
          status: 422,
          body: {
            message:
              'There is at least one repository that does not exist or is not accessible to the parent installation.',
          },
        };
      count += 1;
      const token = `ghs_${String(count).padStart(36, '0')}`;
      const until = Math.floor(now() / 1000) * 1000 + 3_600_000;
      given.push({ token, repository: wanted, permissions, until });
      return {
        status: 201,
        body: {
          token,
          expires_at: new Date(until).toISOString().replace('.000', ''),
          permissions: permissions ?? {},
          repository_selection: 'selected',
        },
      };
    },
  };
}
