import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { pageRoutes } from '../../services/api/access-rules.ts';
import type { toOpenApi } from '../../services/api/openapi/document.ts';

type Document = ReturnType<typeof toOpenApi>;
type Responses = Record<string, { $ref?: string; content?: Record<string, object> }>;

/** Routes that answer people with pages; they are not in the document. */
const pages = [...pageRoutes].map(
  (route) => new RegExp(`^${route.slice(route.indexOf('/')).replace(/:\w+/g, '[^/]*')}$`),
);

/**
 * Checks an answer against what the document says of its route: the status, the type of the body, the body.
 * What no route is for is refused before it has an entry there.
 *
 * @throws Error that says how they differ
 */
export function createAnswerCheck(document: Document) {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema(document, 'api');
  const templates = Object.keys(document.paths ?? {})
    .map((path) => ({ path, pattern: new RegExp(`^${path.replace(/{\w+}/g, '[^/]+')}$`) }))
    // A word goes before what takes any.
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length);

  return async (method: string, address: string, response: Response): Promise<void> => {
    const { pathname } = new URL(address, 'http://x');
    const path = templates.find(({ pattern }) => pattern.test(pathname))?.path;
    const verb = method.toLowerCase() === 'head' ? 'get' : method.toLowerCase();
    const item = path === undefined ? undefined : document.paths?.[path];
    const operation = item?.[verb as 'get'];
    if (path === undefined || operation === undefined) {
      const page = pages.some((pattern) => pattern.test(pathname));
      if (page || [400, 401, 403, 404, 413].includes(response.status)) return;
      throw new Error(`${method} ${pathname} answered ${response.status}, and the document does not know it`);
    }
    const responses = operation.responses as Responses;
    const told = responses[response.status];
    const what = `${method} ${path} answered ${response.status}`;
    if (told === undefined) throw new Error(`${what}; the document has ${Object.keys(responses)}`);
    const pointer = told.$ref ?? `#/paths/${toPointer(path)}/${verb}/responses/${response.status}`;
    const content = told.$ref === undefined ? told.content : readRef(document, told.$ref).content;
    const type = response.headers.get('content-type')?.split(';')[0];
    if (content === undefined || type === undefined) {
      if (content !== undefined || type !== undefined) throw new Error(`${what} as ${type ?? 'nothing'}`);
      return;
    }
    if (!(type in content)) throw new Error(`${what} as ${type}; the document has ${Object.keys(content)}`);
    if (!type.endsWith('json') || method === 'HEAD') return;
    const fits = ajv.getSchema(`api${pointer}/content/${toPointer(type)}/schema`);
    if (fits === undefined) throw new Error(`${what}: the document has no schema for ${type}`);
    const body: unknown = await response.clone().json();
    if (fits(body) !== true)
      throw new Error(`${what}: ${ajv.errorsText(fits.errors)}\n${JSON.stringify(body).slice(0, 2000)}`);
  };
}

function readRef(document: Document, ref: string): Responses[string] {
  const responses = document.components?.responses as Responses | undefined;
  return responses?.[ref.split('/').at(-1) ?? ''] ?? {};
}

function toPointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
