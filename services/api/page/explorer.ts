import { html, raw } from 'hono/html';
import type { toOpenApi } from '../openapi/document.ts';
import { explorerScript } from './explorer-script.ts';
import { explorerStyle } from './explorer-style.ts';
import { type Html, toPage, toPolicy } from './html.ts';

type Document = ReturnType<typeof toOpenApi>;
type Operation = NonNullable<NonNullable<Document['paths']>[string]['get']>;
type Parameter = { name: string; in: string; required?: boolean; schema?: unknown };

export const explorerPolicy = toPolicy(explorerScript, explorerStyle);

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The document as a page: what there is to ask, and a form to ask it. Nothing is fetched from elsewhere. */
export function toExplorerPage(document: Document): Html {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ path, method, operation }];
    }),
  );
  const tags = [...new Set(operations.map(({ operation }) => operation.tags?.[0] ?? 'More'))];
  const schemas = document.components?.schemas ?? {};
  return toPage(
    `${document.info.title} api`,
    html`<main id="explorer">
<h1>${document.info.title} api</h1>
${(document.info.description ?? '').split('\n\n').map((part) => html`<p>${part}</p>`)}
<p><a href="/api/v1/openapi.json">openapi.json</a> <span class="dim">OpenAPI ${document.openapi}, for programs</span></p>
<p><label>Token <input type="password" data-token autocomplete="off" spellcheck="false"></label>
<span class="dim">Kept by this page only; without one a signed-in browser may look.</span></p>
<p><label>Find <input type="search" data-find autocomplete="off"></label></p>
${tags.map(
  (tag) => html`<section data-tag><h2>${tag}</h2>
${operations
  .filter(({ operation }) => (operation.tags?.[0] ?? 'More') === tag)
  .map(({ path, method, operation }) => toOperation(path, method, operation, schemas))}
</section>`,
)}
<section><h2>Schemas</h2>
${Object.entries(schemas).map(
  ([name, schema]) =>
    html`<details id="schema-${name}"><summary><b>${name}</b></summary><pre>${JSON.stringify(schema, undefined, 2)}</pre></details>`,
)}
</section>
</main>
<script>${raw(explorerScript)}</script>`,
    '',
    explorerStyle,
  );
}

function toOperation(
  path: string,
  method: string,
  operation: Operation,
  schemas: Readonly<Record<string, unknown>>,
): Html {
  const {
    operationId = '',
    summary = '',
    description = '',
    responses = {},
    requestBody,
    security = [],
  } = operation;
  // What is only referred to is a browser's own business: it keeps ETags itself.
  const parameters = (operation.parameters ?? []).filter((each) => 'name' in each) as Parameter[];
  const body = requestBody !== undefined && 'content' in requestBody ? requestBody.content : undefined;
  const roles = [...new Set(security.flatMap((each) => Object.values(each).flat()))];
  const streams = JSON.stringify(responses).includes('text/event-stream');
  return html`<details id="${operationId}" data-operation data-method="${method}" data-path="${path}" data-streams="${String(streams)}">
<summary><b class="${method}">${method.toUpperCase()}</b> <code>${path}</code> <span class="dim">${summary}</span></summary>
<p>${description}</p>
<p class="dim">${roles.length === 0 ? 'Open.' : `For: ${roles.join(', ')}.`}</p>
<form>
${parameters.map(
  (
    each,
  ) => html`<label>${each.name} <span class="dim">${each.in}${each.required === true ? ', needed' : ''} ${toKind(each.schema)}</span>
<input name="${each.name}" data-in="${each.in}" autocomplete="off" ${each.required === true ? raw('required') : ''}></label>`,
)}
${
  body === undefined
    ? ''
    : html`<label>body <span class="dim">${Object.keys(body).join(', ')}</span>
<textarea name="body" rows="6" spellcheck="false">${toExample(Object.values(body)[0]?.schema, schemas)}</textarea></label>`
}
<button>Try it</button> <span class="dim" data-status role="status"></span>
</form>
<pre data-answer hidden></pre>
<ul>${Object.entries(responses).map(([status, response]) => toResponse(status, response))}</ul>
</details>`;
}

function toResponse(status: string, response: unknown): Html {
  const { description, content, $ref } = response as {
    description?: string;
    content?: Record<string, { schema?: unknown }>;
    $ref?: string;
  };
  if ($ref !== undefined)
    return html`<li><span>${status} ${$ref.split('/').at(-1)}</span><span class="dim">Problem</span></li>`;
  const types = Object.entries(content ?? {}).map(([type, { schema }]) => `${type} ${toKind(schema)}`);
  return html`<li><span>${status} ${description}</span><span class="dim">${types.join(', ')}</span></li>`;
}

/** A schema in a word or two. */
function toKind(schema: unknown): string {
  if (typeof schema !== 'object' || schema === null) return '';
  const {
    $ref,
    type,
    enum: values,
    items,
  } = schema as {
    $ref?: string;
    type?: string;
    enum?: unknown[];
    items?: unknown;
  };
  if ($ref !== undefined) return $ref.split('/').at(-1) ?? '';
  if (values !== undefined) return values.join(' | ');
  return type === 'array' ? `list of ${toKind(items)}` : (type ?? '');
}

function toExample(schema: unknown, schemas: Readonly<Record<string, unknown>>): string {
  const name = toKind(schema);
  const known = schemas[name];
  if (typeof known !== 'object' || known === null || !('examples' in known)) return '{}';
  const [first] = known.examples as unknown[];
  return JSON.stringify(first, undefined, 2);
}
