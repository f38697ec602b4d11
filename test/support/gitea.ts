import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Body = Record<string, unknown>;

interface User {
  login: string;
  password: string;
  isAdmin: boolean;
}

/**
 * Whether Gitea sends a hook that was made with these words what it calls `type`: updateHookEvents of
 * routers/api/v1/utils/hook.go in 1.26. A type is finer than the event in the header.
 */
export function isSent(words: readonly string[], type: string): boolean {
  const whole = type.startsWith('pull_request') ? 'pull_request' : type.startsWith('issue') ? 'issues' : type;
  const own = type === 'pull_request' ? 'pull_request_only' : type === 'issues' ? 'issues_only' : type;
  return words.includes(whole) || words.includes(own);
}

/**
 * What a Gitea 1.26.4 answered when it was asked, as far as its setup asks: bodies, statuses and refusals. A list is given
 * in pages; a token and a client's secret are told once.
 */
export async function openGiteaServer() {
  let number = 0;
  const users = new Map<string, User>();
  const tokens: { id: number; user: string; name: string; token: string; scopes: string[] }[] = [];
  const hooks: (Body & { id: number; secret: string })[] = [];
  const apps: (Body & { id: number; secret: string })[] = [];
  const organizations = new Map<string, (Body & { id: number; members: Set<string> })[]>();
  const repositories = new Map<string, Body>();
  /** Addresses that nobody answers at: a mirror of one stays behind half made. */
  const away = new Set<string>();
  const asked: string[] = [];
  /** Requests after which nothing is answered any more, though what was asked is done. */
  let dieAfter = Number.POSITIVE_INFINITY;

  const addToken = (user: string, name: string, scopes: string[]) => {
    number += 1;
    const made = { id: number, user, name, scopes, token: String(number).padStart(40, 'a') };
    tokens.push(made);
    return made;
  };
  const toUser = (authorization = ''): { user?: User | undefined; basic: boolean } => {
    const [kind, value = ''] = authorization.split(' ');
    if (kind === 'token') {
      const found = tokens.find(({ token }) => token === value);
      return { user: users.get(found?.user ?? ''), basic: false };
    }
    const [name = '', password = ''] = Buffer.from(value, 'base64').toString().split(':');
    const user = users.get(name);
    return { user: user?.password === password ? user : undefined, basic: true };
  };

  const route = (
    method: string,
    path: string,
    body: Body,
    caller: User,
    basic: boolean,
  ): [number, unknown] => {
    const [, one = '', two = '', three = '', four = '', five = ''] = path.split('/');
    const admin = one === 'admin' || one === 'orgs' || one === 'teams' || three === 'tokens';
    if (admin && !caller.isAdmin) return [403, { message: 'user should be an admin' }];
    if (one === 'user' && two === '') return [200, { login: caller.login }];
    if (one === 'users' && three === 'tokens') {
      if (!basic) return [401, { message: 'auth method not allowed' }];
      if (method === 'POST') {
        if (tokens.some(({ user, name }) => user === two && name === body.name))
          return [400, { message: 'access token name has been used already' }];
        const { id, name, token } = addToken(two, String(body.name), body.scopes as string[]);
        return [201, { id, name, sha1: token, token_last_eight: token.slice(-8) }];
      }
      if (method === 'DELETE') return [204, remove(tokens, Number(four))];
      const own = tokens.filter(({ user }) => user === two);
      return [
        200,
        own.map(({ id, name, token }) => ({ id, name, sha1: '', token_last_eight: token.slice(-8) })),
      ];
    }
    if (one === 'users') return users.has(two) ? [200, { login: two }] : [404, { message: 'user redirect' }];
    if (path === '/admin/users') {
      if (!/^[^@]+@[^@.]+\..+$/.test(String(body.email))) return [422, { message: '[Email]: Email' }];
      const login = String(body.username);
      users.set(login, { login, password: String(body.password), isAdmin: false });
      return [201, { login }];
    }
    if (one === 'admin' && two === 'users') {
      const user = users.get(three);
      if (user === undefined) return [404, { message: 'user does not exist' }];
      user.password = String(body.password);
      return [200, { login: three }];
    }
    if (one === 'admin' && two === 'hooks') {
      if (method === 'DELETE') return [204, remove(hooks, Number(three))];
      if (method === 'GET') return [200, hooks.map(({ secret: _, ...hook }) => hook)];
      const { secret = '', url = '', is_system_webhook } = body.config as Record<string, string>;
      if (is_system_webhook !== 'true') return [422, { message: 'a hook of this kind is not for all' }];
      number += 1;
      const { name, events, active } = body;
      const hook = { id: number, name, events, active, config: { url, content_type: 'json' }, secret };
      hooks.push(hook);
      return [201, hook];
    }
    if (path.startsWith('/user/applications/oauth2')) {
      if (method === 'DELETE') return [204, remove(apps, Number(four))];
      if (method === 'GET')
        return [200, apps.map(({ secret: _, ...app }) => ({ ...app, client_secret: '' }))];
      number += 1;
      const { name, redirect_uris } = body;
      const app = { id: number, name, redirect_uris, client_id: `client-${number}`, secret: `gto_${number}` };
      apps.push(app);
      return [201, { ...app, client_secret: app.secret }];
    }
    if (path === '/repos/migrate') {
      const name = `${body.repo_owner}/${body.repo_name}`;
      if (repositories.has(name))
        return [409, { message: 'The repository with the same name already exists.' }];
      const failed = away.has(String(body.clone_addr));
      const mirror_interval = failed ? '' : body.mirror_interval;
      repositories.set(name, { mirror: true, mirror_interval, original_url: body.clone_addr });
      return failed ? [422, { message: 'Migration failed: clone error' }] : [201, {}];
    }
    if (one === 'repos') {
      const name = `${two}/${three}`;
      const found = repositories.get(name);
      if (found === undefined) return [404, { message: 'not found' }];
      if (method === 'DELETE') return [204, void repositories.delete(name)];
      return [200, Object.assign(found, body)];
    }
    if (path === '/orgs') {
      organizations.set(String(body.username), [{ id: 1, name: 'Owners', members: new Set() }]);
      return [201, {}];
    }
    if (one === 'teams') {
      const team = [...organizations.values()].flat().find(({ id }) => id === Number(two));
      if (team !== undefined && method === 'PATCH') return [200, Object.assign(team, body)];
      if (team === undefined || !users.has(four)) return [404, { message: 'not found' }];
      team.members.add(four);
      return [204, undefined];
    }
    const teams = organizations.get(two);
    if (one !== 'orgs' || teams === undefined) return [404, { message: `no ${path}${five}` }];
    if (three === '') return [200, { name: two }];
    if (method === 'GET') return [200, teams.map(({ members: _, ...team }) => team)];
    number += 1;
    const team = { ...body, id: number, members: new Set<string>() };
    teams.push(team);
    return [201, { ...body, id: number }];
  };

  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = '', url = '', headers } = request;
    asked.push(`${method} ${url}`);
    const { pathname, searchParams } = new URL(url, 'http://gitea');
    const { user, basic } = toUser(headers.authorization);
    const body = parts.length === 0 ? {} : (JSON.parse(Buffer.concat(parts).toString()) as Body);
    const [status, answer] =
      user === undefined
        ? [401, { message: 'invalid username, password or token' }]
        : route(method, pathname.replace('/api/v1', ''), body, user, basic);
    dieAfter -= 1;
    if (dieAfter < 0) return void response.destroy();
    const [page, limit] = [Number(searchParams.get('page') ?? 1), Number(searchParams.get('limit') ?? 30)];
    const shown = Array.isArray(answer) ? answer.slice((page - 1) * limit, page * limit) : answer;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(shown === undefined ? '' : JSON.stringify(shown));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    users,
    tokens,
    hooks,
    apps,
    organizations,
    repositories,
    away,
    asked,
    /** As `gitea admin user generate-access-token` does it, on the server itself. */
    addAdministrator(login: string) {
      if (!users.has(login)) users.set(login, { login, password: 'nobody knows it', isAdmin: true });
      return addToken(login, `setup-${++number}`, ['all']).token;
    },
    die(after: number) {
      dieAfter = after;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function remove(list: { id: number }[], id: number): void {
  const at = list.findIndex((each) => each.id === id);
  if (at >= 0) list.splice(at, 1);
}
