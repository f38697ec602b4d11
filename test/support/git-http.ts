import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real git server over HTTP: `git http-backend` behind a small listener. */
export interface GitHttp {
  origin: string;
  /** `<origin>/<name>.git` */
  url(name: string): string;
  /** Makes a commit of these files on a ref of a repository, which is made too. Answers its id. */
  commit(name: string, files: Record<string, string>, options?: CommitOptions): Promise<string>;
  /** Runs git in a repository. */
  git(name: string, ...args: string[]): Promise<string>;
  /** What was asked: `GET /a/b.git/info/refs?…`, with the credentials' user where there were some. */
  readonly requests: { line: string; user: string | undefined }[];
  close(): Promise<void>;
}

export interface CommitOptions {
  /** @default A change */
  message?: string;
  /** @default refs/heads/main */
  ref?: string;
  /** Without parents: what was there before is gone. */
  orphan?: boolean;
  /** Of a repository that is new. @default sha1 */
  format?: 'sha1' | 'sha256';
}

export interface GitHttpOptions {
  /** Only who knows it may read. */
  password?: string;
  /** The newest protocol of git that it speaks. @default 2 */
  protocol?: 0 | 2;
  /** Contents by their sha256, which are had by Git LFS; what else is asked of it is another's. */
  lfs?: ReadonlyMap<string, Buffer>;
  /** Answers in place of git. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => void;
}

const identity = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
};

export async function openGitHttp({
  password,
  intercept,
  lfs,
  protocol = 2,
}: GitHttpOptions = {}): Promise<GitHttp> {
  const root = await mkdtemp(join(tmpdir(), 'git-http-'));
  const env = { PATH: process.env.PATH, HOME: root, ...identity };
  const requests: GitHttp['requests'] = [];

  const server = createServer((request, response) => {
    const [, encoded = ''] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? [];
    const [user, given] = Buffer.from(encoded, 'base64').toString().split(':');
    requests.push({ line: `${request.method} ${request.url}`, user: user === '' ? undefined : user });
    if (intercept !== undefined) {
      intercept(request, response);
      return;
    }
    if (password !== undefined && given !== password) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    if (lfs !== undefined && request.url?.includes('/info/lfs/') === true) {
      void serveLfs(request, response, lfs);
      return;
    }
    if (protocol === 0) delete request.headers['git-protocol'];
    serve(request, response, root, env);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const git = async (name: string, ...args: string[]) => {
    const { stdout } = await run('git', ['-C', join(root, `${name}.git`), ...args], { env });
    return stdout.trim();
  };

  return {
    origin,
    requests,
    url: (name) => `${origin}/${name}.git`,
    git,
    async commit(
      name,
      files,
      { ref = 'refs/heads/main', orphan = false, format = 'sha1', message = 'A change' } = {},
    ) {
      const bare = join(root, `${name}.git`);
      await mkdir(bare, { recursive: true });
      await run('git', ['init', '--quiet', '--bare', `--object-format=${format}`, bare], { env });
      const tree = await mkdtemp(join(root, 'tree-'));
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(tree, path)), { recursive: true });
        await writeFile(join(tree, path), text);
      }
      const inTree = ['--git-dir', bare, '--work-tree', tree];
      await run('git', [...inTree, 'add', '--all', '--force', '.'], { env });
      const written = (await run('git', [...inTree, 'write-tree'], { env })).stdout.trim();
      const head = await git(name, 'rev-parse', '--quiet', '--verify', ref).catch(() => '');
      const parents = head === '' || orphan ? [] : ['-p', head];
      const sha = await git(name, 'commit-tree', written, ...parents, '-m', message);
      await git(name, 'update-ref', ref, sha);
      await rm(tree, { recursive: true });
      return sha;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Git LFS, its batch API and the basic transfer: what is there is had at the same address, by its id. */
async function serveLfs(
  request: IncomingMessage,
  response: ServerResponse,
  contents: ReadonlyMap<string, Buffer>,
): Promise<void> {
  const [address = '', what = ''] = (request.url ?? '').split('/info/lfs/');
  if (request.method === 'GET') {
    const found = contents.get(what.replace('objects/', ''));
    response.writeHead(found === undefined ? 404 : 200).end(found);
    return;
  }
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const asked = JSON.parse(Buffer.concat(parts).toString()) as { objects: { oid: string; size: number }[] };
  const objects = asked.objects.map(({ oid, size }) =>
    contents.has(oid)
      ? {
          oid,
          size,
          actions: {
            download: {
              href: `http://${request.headers.host}${address}/info/lfs/objects/${oid}`,
              header: { authorization: request.headers.authorization ?? '' },
            },
          },
        }
      : { oid, size, error: { code: 404, message: 'not there' } },
  );
  response
    .writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' })
    .end(JSON.stringify({ transfer: 'basic', objects }));
}

/** CGI (RFC 3875), as far as git needs it. */
function serve(
  request: IncomingMessage,
  response: ServerResponse,
  root: string,
  env: Record<string, string | undefined>,
): void {
  const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
  const child = spawn('git', ['http-backend'], {
    env: {
      ...env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(child.stdin);
  // A client that is killed, or a git that has read enough.
  child.stdin.on('error', () => request.unpipe(child.stdin));
  let head = Buffer.alloc(0);
  const onHead = (part: Buffer) => {
    head = Buffer.concat([head, part]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    child.stdout.off('data', onHead);
    let status = 200;
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(': ');
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(status);
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  };
  child.stdout.on('data', onHead);
}
