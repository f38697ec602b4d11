import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readTree, root } from './committed.ts';

const start = promisify(execFile);
/** Another place on the disk, hour and language than the committed tree was made in. */
const env = { TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-app-'));
  for (const name of ['charts', 'imports', 'services', 'main.ts', 'platform.yaml', 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  // A folder of its own, for what the app keeps there.
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules')).filter((one) => !one.startsWith('.')))
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function render(node = process.execPath): Promise<{ code: number; stderr: string }> {
  const args = [join(folder, 'charts', 'app.mjs'), 'main.ts'];
  return start(node, args, { cwd: folder, env: { PATH: process.env.PATH, ...env } }).then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }),
  );
}

const rendered = () => Object.fromEntries(readTree(join(folder, 'dist')));
const cache = () => join(folder, 'node_modules', '.cache', 'bellows', 'synth');
/** What was bundled, and when. */
const bundles = () =>
  readdirSync(cache(), { recursive: true })
    .map(String)
    .filter((name) => /\.(?:json|mjs)$/.test(name))
    .map((name) => [name, statSync(join(cache(), name)).mtimeMs]);

/** Such as nothing shows but its content: as long as before, and as old. */
function edit(file: string, from: string, to: string): void {
  const path = join(folder, file);
  const { atime, mtime } = statSync(path);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
  utimesSync(path, atime, mtime);
}

test('elsewhere, in another time zone and language, it renders the committed bytes, and again from the same bundle', async () => {
  expect(await render()).toEqual({ code: 0, stderr: '' });
  const first = bundles();
  const ages = () =>
    [...readTree(join(folder, 'dist')).keys()].map((path) => statSync(join(folder, 'dist', path)).mtimeMs);
  const before = ages();
  expect(rendered()).toEqual(Object.fromEntries(readTree(join(root, 'dist'))));
  expect(await render()).toEqual({ code: 0, stderr: '' });
  expect(bundles()).toEqual(first);
  expect(ages()).toEqual(before);
  // The link that cdk8s looks at, and deletes before its next run.
  expect(readTree(join(folder, '.synth')).size).toBe(before.length);
});

test('every other Node from 20 on that is here renders the same bytes', async () => {
  const places = (process.env.PATH ?? '').split(':').map((place) => join(place, 'node'));
  const found = new Set(places.filter((place) => existsSync(place)).map((place) => realpathSync(place)));
  found.delete(realpathSync(process.execPath));
  const missing = new Set([20, 22]);
  for (const node of found) {
    const major = Number(/^v(\d+)/.exec(execFileSync(node, ['--version']).toString())?.[1]);
    if (major < 20) continue;
    missing.delete(major);
    rmSync(join(folder, 'dist'), { recursive: true });
    expect(await render(node)).toEqual({ code: 0, stderr: '' });
    expect(rendered()).toEqual(Object.fromEntries(readTree(join(root, 'dist'))));
  }
  for (const major of missing)
    process.stderr.write(`skipped: there is no Node ${major} here to render with\n`);
});

test('an edited chart and an edited platform file are seen, however little shows it', async () => {
  const path = 'clusters/home/services/api.yaml';
  edit('charts/places.ts', 'port: 7440', 'port: 7441');
  expect(await render()).toEqual({ code: 0, stderr: '' });
  expect(rendered()[path]).toContain('containerPort: 7441');
  edit('platform.yaml', 'domain: home.arpa', 'domain: home.arpb');
  expect(await render()).toEqual({ code: 0, stderr: '' });
  expect(rendered()[path]).toContain('bellows.home.arpb');
});

test('what a chart throws is said with its place in the sources, and dist/ stays as it was', async () => {
  const before = rendered();
  edit(
    'charts/forge/gitea.ts',
    'super(scope,',
    "if (name.length > 0) throw new Error('not today');\n    super(scope,",
  );
  const { code, stderr } = await render();
  expect(code).toBe(1);
  expect(stderr).toMatch(/Error: not today\n +at new Gitea \(.*charts\/forge\/gitea\.ts:\d+:\d+\)/);
  expect(rendered()).toEqual(before);
});
