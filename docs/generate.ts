/** `npm run docs` writes what is generated in docs/; with `--check` it only says what is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toPlatformJsonSchema } from '../charts/platform.ts';
import { toCommandReference } from '../services/cli/reference.ts';
import { toPipelineSchema } from '../services/core/pipeline/index.ts';
import { toAlertsPage } from './generate/alerts.ts';
import { toChecksPage } from './generate/checks.ts';
import { toConfigurationPage } from './generate/configuration.ts';
import { toDiffPage } from './generate/diff.ts';
import { toKeysPage } from './generate/keys.ts';
import { toApiPage, toOpenApiDocument } from './generate/openapi.ts';
import { toPipelineFilePage } from './generate/pipeline-file.ts';
import { toPlatformPage } from './generate/platform.ts';
import { programHelp } from './generate/program-help.ts';
import { toVariablesPage } from './generate/variables.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

const pages: Record<string, () => string | Promise<string>> = {
  'docs/configuration.md': toConfigurationPage,
  'docs/keys.md': () => toKeysPage(read),
  'docs/operations/alerts.md': toAlertsPage,
  'docs/operations/checks.md': toChecksPage,
  'docs/operations/diff.md': toDiffPage,
  'docs/platform.schema.json': toPlatformJsonSchema,
  'docs/pipeline.schema.json': () => `${JSON.stringify(toPipelineSchema(), null, 2)}\n`,
  'docs/api-reference/pipeline-file.md': toPipelineFilePage,
  'docs/api-reference/variables.md': toVariablesPage,
  'docs/api-reference/platform.md': toPlatformPage,
  'docs/api-reference/api.md': toApiPage,
  'docs/api-reference/openapi.json': toOpenApiDocument,
  'docs/api-reference/command-line.md': () => toCommandReference(programHelp),
};

const check = process.argv.includes('--check');
for (const [file, toPage] of Object.entries(pages)) {
  const page = await toPage();
  if (page === readOrEmpty(file)) continue;
  if (check) {
    process.stderr.write(`${file} is stale; run: npm run docs\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(join(root, file), page);
    process.stdout.write(`wrote ${file}\n`);
  }
}

function readOrEmpty(file: string): string {
  try {
    return read(file);
  } catch {
    return ''; // not there yet: stale
  }
}
