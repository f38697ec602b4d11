import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Role } from '../../core/access/index.ts';
import { personRoles } from '../../core/job/index.ts';
import { type AccessRule, accessRules } from '../access-rules.ts';
import type { ApiEnv } from '../env.ts';
import { problemTitles, problemType } from '../problem.ts';
import { examples } from './examples.ts';
import { createNames } from './schemas.ts';

type Routes = Pick<OpenAPIHono<ApiEnv>, 'getOpenAPI31Document'>;
type Document = ReturnType<Routes['getOpenAPI31Document']>;
type PathItem = NonNullable<Document['paths']>[string];
type Operation = NonNullable<PathItem['get']>;

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

const description = `Jobs, their logs and events, repositories, agents: everything that Bellows' own programs use.

Times are milliseconds since 1970. Errors are \`application/problem+json\` (RFC 9457). What is polled has an ETag: give it
back as If-None-Match, and 304 says that nothing changed. A POST that makes work takes an Idempotency-Key: the same key
again is the same asking, and gets the same answer. Lists go on where \`next\` says, as \`cursor\`.`;

/** The OpenAPI 3.1 document of the routes: what they take and answer, to whom, and what they refuse. */
export function toOpenApi(routes: Routes, publicUrl: string): Document {
  const document = routes.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Bellows',
      version: '1',
      description,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: publicUrl }],
  });
  for (const [path, item] of Object.entries(document.paths ?? {}))
    for (const method of methods) {
      const operation = item[method];
      if (operation !== undefined) complete(operation, toRule(method, path), path);
    }
  const { schemas, refer } = createNames();
  const paths = refer(document.paths) as Document['paths'];
  for (const [name, example] of Object.entries(examples))
    Object.assign(schemas[name] ?? {}, { examples: [example] });
  return {
    ...document,
    ...(paths === undefined ? {} : { paths }),
    components: { schemas, parameters: toParameters(), responses: toRefusals(), securitySchemes },
  } as Document;
}

const securitySchemes = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token: of a person or a program of theirs, of the launcher, of an agent for its one job.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'bellows_session',
    description: 'A signed-in browser. What changes something takes an Origin of ours, too.',
  },
};

function toRule(method: string, path: string): AccessRule | undefined {
  return accessRules[`${method.toUpperCase()} ${path.replace(/{(\w+)}/g, ':$1')}`];
}

/** What holds for every route is said here once: who may ask, and what is refused to all alike. */
function complete(operation: Operation, rule: AccessRule | undefined, path: string): void {
  const own = Object.keys(operation.responses ?? {}).filter((status) => Number(status) >= 400);
  const { requestBody, parameters = [] } = operation;
  const json =
    requestBody !== undefined && 'content' in requestBody && 'application/json' in requestBody.content;
  const closed = rule !== undefined && rule !== 'open';
  const all = [
    ...own.map(Number),
    ...(parameters.length > 0 || requestBody !== undefined ? [400] : []),
    ...(closed ? [401] : []),
    403,
    429,
    // What a credential may not know is answered as what is not there.
    ...(closed && path.includes('{') ? [404] : []),
    ...(requestBody === undefined ? [] : [413]),
    ...(json ? [415] : []),
    500,
    503,
  ];
  if ('304' in (operation.responses ?? {}))
    operation.parameters = [...parameters, { $ref: '#/components/parameters/IfNoneMatch' }];
  operation.security = closed ? toSecurity(rule) : [];
  // A probe's 503 is its own, in plain words.
  for (const status of [...new Set(all)].sort((a, b) => a - b))
    if (!own.includes(String(status)) || isRefusal(operation, status))
      operation.responses = {
        ...operation.responses,
        [status]: { $ref: `#/components/responses/${toName(status)}` },
      };
}

function isRefusal({ responses = {} }: Operation, status: number): boolean {
  const response: unknown = responses[String(status)];
  return JSON.stringify(response).includes(problemType);
}

/** The names beside a scheme are roles: the least of people, and each machine. */
function toSecurity(rule: Exclude<AccessRule, 'open'>) {
  const least = rule.find(isPerson);
  return [...rule.map((role) => ({ token: [role] })), ...(least === undefined ? [] : [{ session: [least] }])];
}

function isPerson(role: Role): boolean {
  return personRoles.some((known) => known === role);
}

function toParameters() {
  const description = 'The ETag of what the asker knows.';
  const schema = { type: 'string', maxLength: 2000 };
  return { IfNoneMatch: { name: 'if-none-match', in: 'header', required: false, description, schema } };
}

function toRefusals() {
  const content = { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    Object.keys(problemTitles).map((status) => {
      const meaning = meanings[status as unknown as keyof typeof problemTitles];
      return [toName(Number(status)), { description: meaning, content }];
    }),
  );
}

function toName(status: number): string {
  const title: string = problemTitles[status as keyof typeof problemTitles];
  return title.replaceAll(' ', '');
}

const meanings: Readonly<Record<keyof typeof problemTitles, string>> = {
  400: 'The request is not as expected; the detail names what is wrong.',
  401: 'No credential, or nobody’s.',
  403: 'This credential may not do this; or the Host or Origin is not ours.',
  404: 'It is not there, or not for this credential.',
  409: 'Its state does not allow it.',
  413: 'The body is too large.',
  415: 'The body says that it is of another type.',
  416: 'The range begins behind the end.',
  422: 'It is well formed, and can never be right.',
  429: 'Too much at once; Retry-After says when to come again.',
  500: 'A fault of the api, which its log tells.',
  502: 'A forge did not answer as it should.',
  503: 'Redis does not answer, or there is no room; Retry-After says when to come again.',
  507: 'There is no room for logs now; after a while the job ends without the rest of its log.',
};
