import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import { parsePlatform, readPlatform } from '../../charts/platform-file.ts';
import { renderPlatform, toUnits } from '../../charts/units.ts';
import { expectCommitted, readTree, root } from './committed.ts';

const run = promisify(execFile);
const dist = renderPlatform(readPlatform(join(root, 'platform.yaml')), toUnits);

let scratch: string | undefined;
afterEach(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true });
  scratch = undefined;
});

test('dist/ is what the platform file and the charts say', () => {
  expectCommitted('dist', dist);
});

test('the tree does not depend on the time zone, the language, or what was rendered before', async () => {
  scratch = mkdtempSync(join(tmpdir(), 'bellows-synth-'));
  for (const name of ['charts', 'imports', 'services', 'main.ts', 'platform.yaml', 'package.json']) {
    cpSync(join(root, name), join(scratch, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
  const env = {
    PATH: process.env.PATH,
    TZ: 'Pacific/Kiritimati',
    LC_ALL: 'tr_TR.UTF-8',
    LANG: 'tr_TR.UTF-8',
  };
  const tsx = join(root, 'node_modules', 'tsx', 'dist', 'cli.mjs');
  await run(process.execPath, [tsx, 'main.ts'], { cwd: scratch, env });
  expect(Object.fromEntries(readTree(join(scratch, 'dist')))).toEqual(Object.fromEntries(dist));
  // The link that cdk8s looks at, and deletes before its next run.
  expect(readTree(join(scratch, '.synth')).size).toBe(dist.size);
});

test('each cluster has a tree of its own, and shares no file with another', () => {
  const platform = readPlatform(join(root, 'platform.yaml'));
  const { home } = platform.clusters;
  if (home === undefined) throw new Error('the example has no cluster "home"');
  const two = renderPlatform(
    { ...platform, clusters: { home, lab: { ...home, domain: 'lab.arpa' } } },
    toUnits,
  );
  const own = (name: string) => [...two].filter(([path]) => path.startsWith(`clusters/${name}/`));
  expect(own('home')).toEqual([...dist]);
  expect(own('lab').length).toBe(dist.size);
  expect(own('lab').filter(([, text]) => text.includes('home.arpa'))).toEqual([]);
  expect(two.size).toBe(2 * dist.size);
});

test('a repository and a certificate of your own are used where they are named', () => {
  const text = `
source: {url: "https://git.example.org/me/platform", branch: live, credentials: deploy-key}
clusters: {home: {domain: example.org, certificate: wildcard, pools: {m: {arch: arm64, max: 1}}}}`;
  const files = renderPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  expect(files.get('clusters/home/bootstrap/bootstrap.yaml')).toContain(
    'url: https://git.example.org/me/platform',
  );
  expect(files.get('clusters/home/bootstrap/bootstrap.yaml')).toContain('name: deploy-key');
  expect(files.get('clusters/home/services/api.yaml')).toContain('secretName: wildcard');
  expect(files.get('clusters/home/services/gitea.yaml')).toContain('- git.example.org');
});
