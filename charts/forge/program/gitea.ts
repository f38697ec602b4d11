/** Who asks: by a token, or by name and password, which is what Gitea wants before it makes a token. */
export type Caller = { readonly token: string } | { readonly username: string; readonly password: string };

export interface GiteaApi {
  /** A copy that asks as somebody else. */
  as(caller: Caller): GiteaApi;
  /** @returns undefined for 404 */
  find(path: string): Promise<unknown>;
  /** All of a list, which Gitea gives in pages. */
  list(path: string): Promise<readonly unknown[]>;
  /** @returns false for 401 and 403: Gitea does not know this caller. */
  knows(): Promise<boolean>;
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<unknown>;
}

/** A mirror is answered once it is copied. */
const timeoutMs = 300_000;
const pageSize = 50;
/** More than anybody has of what is listed here. */
const mostPages = 20;

/** @param origin such as `http://gitea.ci.svc:3000` */
export function openGitea(origin: string, caller: Caller): GiteaApi {
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: {
        authorization: toAuthorization(caller),
        accept: 'application/json',
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, text: await response.text() };
  };
  const expectDone = (method: string, path: string, { status, text }: { status: number; text: string }) => {
    if (status < 200 || status > 299)
      throw new Error(`${method} ${path}: Gitea answered ${status} ${toMessage(text)}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };

  return {
    as: (other) => openGitea(origin, other),
    async find(path) {
      const answer = await ask('GET', path);
      return answer.status === 404 ? undefined : expectDone('GET', path, answer);
    },
    async list(path) {
      const found: unknown[] = [];
      for (let page = 1; page <= mostPages; page++) {
        const asked = `${path}${path.includes('?') ? '&' : '?'}limit=${pageSize}&page=${page}`;
        const some = expectDone('GET', asked, await ask('GET', asked));
        if (!Array.isArray(some)) throw new Error(`GET ${asked}: expected a list`);
        found.push(...(some as unknown[]));
        if (some.length < pageSize) return found;
      }
      throw new Error(`GET ${path}: more than ${pageSize * mostPages}, which nobody has`);
    },
    async knows() {
      const answer = await ask('GET', '/user');
      if (answer.status === 401 || answer.status === 403) return false;
      expectDone('GET', '/user', answer);
      return true;
    },
    async send(method, path, body) {
      return expectDone(method, path, await ask(method, path, body));
    },
  };
}

function toAuthorization(caller: Caller): string {
  if ('token' in caller) return `token ${caller.token}`;
  return `Basic ${Buffer.from(`${caller.username}:${caller.password}`).toString('base64')}`;
}

/** What Gitea says of an error, in a line; it repeats names, and never a password. */
function toMessage(text: string): string {
  const [, message = ''] = /"message":"((?:[^"\\]|\\.)*)"/.exec(text) ?? [];
  return message.slice(0, 200);
}
