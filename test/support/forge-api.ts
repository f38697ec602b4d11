import { hash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AppDouble } from './github-app.ts';

export interface PostedStatus {
  /** `owner/name` */
  repository: string;
  sha: string;
  state: string;
  context: string;
  description: string;
  target_url: string;
}

type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * The parts of Gitea's and GitHub's API that Bellows asks, as both answer them over the wire (Gitea below
 * /api/v1, a GitHub server below /api/v3), held to their documentation: what they would refuse is refused here.
 */
export async function openForgeApi({
  token = 'forge-token-of-the-test-00000000000000',
  app,
}: {
  token?: string;
  /** Whose tokens GitHub takes, too. */
  app?: AppDouble;
} = {}) {
  const posted: PostedStatus[] = [];
  const asked: string[] = [];
  /** Answers of `GET`, by path below the API without its query; an array is a list, and goes out in pages. */
  const documents: Record<string, unknown> = {};
  const comments: Comment[] = [];
  let fault: Fault | undefined;

  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    asked.push(`${method} ${url}`);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (fault?.(request, response) === true) return;
    const answer = (status: number, body: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const { pathname, searchParams } = new URL(url, 'http://forge');
    const [, version, path = ''] = /^\/api\/(v1|v3)(\/.*)$/.exec(pathname) ?? [];
    const { authorization = '' } = headers;
    const ofApp =
      version === 'v3'
        ? app?.answer(method, path, authorization, Buffer.concat(parts).toString())
        : undefined;
    if (ofApp !== undefined) return answer(ofApp.status, ofApp.body);
    const wanted = version === 'v1' ? `token ${token}` : `Bearer ${token}`;
    if (authorization !== wanted && app?.lets(authorization, path) !== true)
      return answer(401, { message: 'Bad credentials' });
    // GitHub refuses who does not say who it is.
    if (version === 'v3' && headers['user-agent'] === undefined) return answer(403, { message: 'no agent' });
    const told = answerComment(comments, method, path, Buffer.concat(parts).toString());
    if (told !== undefined) {
      // Gitea answers all at once.
      const { body } =
        version === 'v1'
          ? told
          : toPage(
              told.body,
              Number(searchParams.get('per_page') ?? 30),
              Number(searchParams.get('page') ?? 1),
            );
      return answer(told.status, body);
    }
    if (method === 'GET') {
      if (!(path in documents)) return answer(404, { message: 'Not Found' });
      const size = Number(searchParams.get(version === 'v1' ? 'limit' : 'per_page') ?? 30);
      const { body, link } = toPage(documents[path], size, Number(searchParams.get('page') ?? 1));
      if (link) response.setHeader('link', `<${url}&page=next>; rel="next", <${url}>; rel="last"`);
      // GitHub tags what it answers, Gitea does not.
      const etag = `W/"${hash('sha1', JSON.stringify(body))}"`;
      if (version === 'v3') response.setHeader('etag', etag);
      if (version === 'v3' && headers['if-none-match'] === etag) return void response.writeHead(304).end();
      return answer(200, body);
    }
    const [, repository = '', sha = ''] =
      /^\/repos\/([^/]+\/[^/]+)\/statuses\/([0-9a-f]{40})$/.exec(path) ?? [];
    if (method !== 'POST' || sha === '') return answer(404, { message: 'Not Found' });
    const body = JSON.parse(Buffer.concat(parts).toString()) as Omit<PostedStatus, 'repository' | 'sha'>;
    const valid =
      ['pending', 'success', 'error', 'failure'].includes(body.state) && body.description.length <= 140;
    if (!valid) return answer(422, { message: 'Validation Failed' });
    posted.push({ repository, sha, ...body });
    answer(201, { id: posted.length, ...body });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    posted,
    asked,
    documents,
    comments,
    /** From now on, until it is set to undefined; true where it has answered, or never will. */
    setFault: (given: Fault | undefined) => {
      fault = given;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Comment {
  id: number;
  /** `/repos/<owner>/<name>/issues/<number>` */
  issue: string;
  body: string;
  /** Somebody else's cannot be changed. @default false */
  foreign?: boolean;
}

/** Comments of issues and pull requests, which are one to both forges. */
function answerComment(comments: Comment[], method: string, path: string, text: string) {
  const [, issue] = /^(\/repos\/[^/]+\/[^/]+\/issues\/\d+)\/comments$/.exec(path) ?? [];
  const [, id] = /^\/repos\/[^/]+\/[^/]+\/issues\/comments\/(\d+)$/.exec(path) ?? [];
  if (issue !== undefined && method === 'GET')
    return { status: 200, body: comments.filter((comment) => comment.issue === issue) };
  if (issue !== undefined && method === 'POST') {
    const comment = { id: comments.length + 1, issue, ...(JSON.parse(text) as { body: string }) };
    comments.push(comment);
    return { status: 201, body: comment };
  }
  if (id === undefined || method !== 'PATCH') return undefined;
  const comment = comments.find((known) => known.id === Number(id));
  if (comment === undefined) return { status: 404, body: { message: 'Not Found' } };
  if (comment.foreign === true) return { status: 403, body: { message: 'Forbidden' } };
  Object.assign(comment, JSON.parse(text));
  return { status: 200, body: comment };
}

function toPage(document: unknown, size: number, n: number): { body: unknown; link: boolean } {
  if (!Array.isArray(document)) return { body: document, link: false };
  return { body: document.slice((n - 1) * size, n * size), link: n * size < document.length };
}

export type ForgeApi = Awaited<ReturnType<typeof openForgeApi>>;
