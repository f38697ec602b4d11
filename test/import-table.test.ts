import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');

const reportSchema = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
  }),
  modules: z.array(z.object({ source: z.string() })),
});

function cruise(folder: string, places: string[]) {
  const args = [bin, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', ...places];
  // Its exit code is the number of violations.
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, maxBuffer: 1 << 28 });
  if (stdout.length === 0) throw new Error(stderr.toString());
  const report = reportSchema.parse(JSON.parse(stdout.toString()));
  return {
    violations: report.summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`),
    modules: report.modules.map(({ source }) => source),
  };
}

let scratch: string | undefined;
afterEach(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true });
  scratch = undefined;
});

test('the import table holds, and every file was looked at', () => {
  const places = ['services', 'charts', 'main.ts'];
  const { violations, modules } = cruise(root, places);
  const tracked = execFileSync('git', ['ls-files', '--', ...places], { cwd: root })
    .toString()
    .split('\n');
  const seen = new Set(modules);
  expect(tracked.filter((file) => file.endsWith('.ts') && !seen.has(file))).toEqual([]);
  expect(violations).toEqual([]);
});

/** What each rule must notice: a file, and what it imports. */
const planted: Record<string, [file: string, imports: string]> = {
  'no-circles': ['services/core/job/a.ts', './b.ts'],
  resolvable: ['services/core/job/nowhere.ts', './does-not-exist.ts'],
  'room services/core/job': ['services/core/job/io.ts', 'ioredis'],
  'room services/core/display': ['services/core/display/x.ts', '../queue/index.ts'],
  'room services/core/pipeline': ['services/core/pipeline/x.ts', '../queue/index.ts'],
  'room services/core/queue': ['services/core/queue/x.ts', '../access/index.ts'],
  'room services/core/audit': ['services/core/audit/x.ts', '../job/index.ts'],
  'room services/core/access': ['services/core/access/x.ts', 'hono'],
  'room services/core/execute': ['services/core/execute/x.ts', 'ioredis'],
  'room services/core/forge': ['services/core/forge/x.ts', '../queue/index.ts'],
  'room services/core/client': ['services/core/client/x.ts', '../queue/index.ts'],
  'room services/core/runtime': ['services/core/runtime/x.ts', '../job/index.ts'],
  'room services/core/log': ['services/core/log/x.ts', '../job/index.ts'],
  'room services/core/store': ['services/core/store/x.ts', '../job/index.ts'],
  'room services/core/image': ['services/core/image/x.ts', '../execute/index.ts'],
  'room services/core/command': ['services/core/command/x.ts', '../job/index.ts'],
  'room services/core/report': ['services/core/report/x.ts', '../execute/index.ts'],
  'room services/core/cache': ['services/core/cache/x.ts', '../job/index.ts'],
  'room services/core/trace': ['services/core/trace/x.ts', '../job/index.ts'],
  'room services/core/mask': ['services/core/mask/x.ts', '../job/index.ts'],
  'program api': ['services/api/x.ts', '../agent/config.ts'],
  'program agent': ['services/agent/x.ts', '../core/queue/index.ts'],
  'program backup': ['services/backup/x.ts', '../core/queue/index.ts'],
  'program local': ['services/local/x.ts', '../core/queue/index.ts'],
  'program tui': ['services/tui/x.ts', 'ioredis'],
  'program cli': ['services/cli/x.ts', '../local/config.ts'],
  'program platform': ['services/platform/x.ts', '../core/job/index.ts'],
  'program demo': ['services/demo/x.ts', '../core/queue/index.ts'],
  review: ['charts/review/x.ts', '../../services/core/queue/index.ts'],
  charts: ['charts/x.ts', '../services/api/app.ts'],
  'review looks on': ['charts/y.ts', './review/check.ts'],
  door: ['services/api/y.ts', '../core/queue/scripts.ts'],
  'door between rooms': ['services/core/execute/y.ts', '../pipeline/parse.ts'],
  pure: ['services/core/job/files.ts', 'node:fs'],
  processes: ['services/core/forge/git.ts', 'node:child_process'],
  'terminal library': ['services/tui/views.ts', 'neo-blessed'],
  'main is a root': ['services/api/z.ts', './main.ts'],
};

test('a planted violation of each rule is noticed', async () => {
  scratch = mkdtempSync(join(tmpdir(), 'bellows-imports-'));
  const folder = scratch;
  const put = (file: string, text: string) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  copyFileSync(join(root, '.dependency-cruiser.mjs'), join(folder, '.dependency-cruiser.mjs'));
  for (const name of ['ioredis', 'hono', 'neo-blessed']) {
    put(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    put(`node_modules/${name}/index.js`, 'module.exports = {};');
  }
  put(
    'package.json',
    JSON.stringify({
      name: 'planted',
      type: 'module',
      dependencies: { ioredis: '1', hono: '1', 'neo-blessed': '1' },
    }),
  );
  const targets = Object.values(planted).flatMap(([file, to]) =>
    to.startsWith('.') && !to.includes('does-not-exist') ? [join(dirname(file), to)] : [],
  );
  for (const target of targets) put(target, 'export const x = 1;\n');
  for (const [file, to] of Object.values(planted))
    put(file, `import * as y from '${to}';\nexport const x = y;\n`);
  put('services/core/job/b.ts', "import { x } from './a.ts';\nexport const z = x;\n");
  put('main.ts', 'export const x = 1;\n');

  const { violations } = cruise(folder, ['services', 'charts', 'main.ts']);
  const missed = Object.entries(planted).filter(
    ([rule, [file]]) => !violations.some((line) => line.startsWith(`${rule}: ${file} `)),
  );
  expect(missed).toEqual([]);

  const { default: rules }: { default: { forbidden: { name: string }[] } } = await import(
    join(root, '.dependency-cruiser.mjs')
  );
  expect(Object.keys(planted).sort()).toEqual(rules.forbidden.map(({ name }) => name).sort());
});
