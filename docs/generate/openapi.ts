import { createApp } from '../../services/api/app.ts';
import type { ApiDeps } from '../../services/api/deps.ts';
import { toOpenApi } from '../../services/api/openapi/document.ts';

const publicUrl = 'http://127.0.0.1:7440';

/** What an api at the address of `bellows up` says of itself. */
function read() {
  // The routes are made and asked nothing, so what they would ask is not needed.
  const app = createApp({ publicUrl, hosts: [], openReadyz: false, limits: {} } as unknown as ApiDeps);
  return toOpenApi(app, publicUrl);
}

/** `docs/api-reference/openapi.json` */
export function toOpenApiDocument(): string {
  return `${JSON.stringify(read(), undefined, 2)}\n`;
}

/** `docs/api-reference/api.md`: every operation in a line. */
export function toApiPage(): string {
  const { info, paths = {} } = read();
  const rows = new Map<string, string[]>();
  for (const [path, item] of Object.entries(paths))
    for (const [method, operation] of Object.entries(item as Record<string, Operation>)) {
      const [tag = ''] = operation.tags;
      const roles = [...new Set(operation.security.flatMap((each) => Object.values(each).flat()))];
      const who = roles.length === 0 ? 'open' : roles.join(', ');
      const row = `| \`${method.toUpperCase()} ${path}\` | ${operation.summary} | ${who} |`;
      rows.set(tag, [...(rows.get(tag) ?? []), row]);
    }
  const tables = [...rows].map(
    ([tag, lines]) => `## ${tag}\n\n| route | does | for |\n|---|---|---|\n${lines.join('\n')}\n`,
  );
  return `<!-- Made by npm run docs. -->

# The api

${info.description}

How to use it from a script: [scripts](../guides/scripts.md). The whole document, with every schema, is
[openapi.json](openapi.json) (OpenAPI 3.1); a running api serves it at \`/api/v1/openapi.json\`, and a page to try it at
\`/api/v1/docs\`. Who may ask is the least role of people (view < trigger < admin), and the machines that a route is for.

${tables.join('\n')}`;
}

interface Operation {
  tags: string[];
  summary: string;
  security: Record<string, string[]>[];
}
