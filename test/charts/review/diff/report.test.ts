import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { parsePlatform } from '../../../../charts/platform-file.ts';
import { compareCapacity, toCapacity } from '../../../../charts/review/diff/capacity.ts';
import { marker } from '../../../../charts/review/diff/markdown.ts';
import { toReport } from '../../../../charts/review/diff/report.ts';
import { format, readReport } from '../../../../charts/review/diff/run.ts';
import { TreeError } from '../../../../charts/review/diff/tree.ts';
import type { Waiver } from '../../../../charts/settings/waiver.ts';
import { root } from '../../committed.ts';
import { edit, example, inCluster, without } from './example.ts';

const waiver: Waiver = {
  rule: 'widened-access',
  object: 'Role ci/secrets',
  because: 'rotation deletes the old one',
  until: '2026-12-01',
};
const after = edit(example, 'Role ci/secrets', ({ rules }) => rules[0].verbs.push('delete'));

test.each([
  ['the day before its last', '2026-11-30', [waiver], false, []],
  ['on its last day', '2026-12-01', [waiver], false, []],
  ['the day after', '2026-12-02', [waiver], true, [expect.stringContaining('ended on 2026-12-01')]],
  ['in the cluster that it names', '2026-11-30', [{ ...waiver, clusters: ['home'] }], false, []],
  [
    'in another cluster',
    '2026-11-30',
    [{ ...waiver, clusters: ['lab'] }],
    true,
    [expect.stringContaining('is not needed')],
  ],
  [
    'for another rule',
    '2026-11-30',
    [{ ...waiver, rule: 'immutable' as const }],
    true,
    [expect.stringContaining('is not needed')],
  ],
])('a waiver %s', (_, today, waivers, blocked, notes) => {
  const report = toReport('main', example, after, waivers, today);
  expect({ blocked: report.blocked, notes: report.notes }).toEqual({ blocked, notes });
});

test('where every machine has a price, a change says what it takes of it, by cores or memory, whichever is more', () => {
  const machines = [
    { arch: 'arm64' as const, cpu: 20, memory: '128Gi', gpus: 0, count: 1, monthly: 80 },
    { arch: 'amd64' as const, cpu: 20, memory: '128Gi', gpus: 0, count: 2, monthly: 10 },
  ];
  const tripled = edit(example, 'Deployment ci/api', ({ spec }) => {
    spec.replicas *= 3;
  });
  const [change] = compareCapacity(example, tripled, () => machines);
  if (change === undefined) throw new Error('expected a change');
  const share = ({ cpu, memory }: { cpu: number; memory: number }) =>
    Math.round(100 * Math.max(cpu / 60, memory / (384 * 2 ** 30)) * 100) / 100;
  expect(change.monthly).toEqual({
    before: { atRest: share(change.before.atRest), atMost: share(change.before.atMost) },
    after: { atRest: share(change.after.atRest), atMost: share(change.after.atMost) },
  });
  const said = format(
    toReport('main', example, tripled, [], '2026-11-30', () => machines),
    'text',
    false,
  );
  expect(said).toMatch(/at rest .* \d+\.\d\d → \d+\.\d\d a month$/m);
  const unpriced = machines.map(({ monthly: _, ...one }) => one);
  expect(compareCapacity(example, tripled, () => unpriced)[0]).not.toHaveProperty('monthly');
});

test.each([
  [
    'waivers: [{rule: rollout, object: Deployment ci/api, because: it is fine so, until: "2026-12-01"}]',
    /waivers\.0\.rule is "rollout"; expected "pruned-state" or/,
  ],
  [
    'waivers: [{rule: immutable, object: api, because: it is fine so, until: "2026-12-01"}]',
    /waivers\.0\.object is "api"; expected an object as the diff calls it/,
  ],
  [
    'waivers: [{rule: immutable, object: Deployment ci/api, because: it is fine so, until: never}]',
    /waivers\.0\.until is "never"; expected a day/,
  ],
  [
    'waivers: [{rule: immutable, object: Deployment ci/api, because: it is fine so}]',
    /waivers\.0\.until is missing/,
  ],
])('%s is refused with its place', (text, message) => {
  const file = `clusters: {home: {pools: {m: {arch: amd64, max: 1}}}}\n${text}`;
  expect(() => parsePlatform(file, 'platform.yaml')).toThrow(message);
});

test('a terminal is told what blocks first, and colours only where it has them', () => {
  const report = toReport('origin/main', example, after, [], '2026-11-21');
  const text = format(report, 'text', false);
  expect(text).toBe(
    [
      'dist/ against origin/main: 1 changed; blocked',
      '',
      'Blocked',
      expect.stringMatching(
        /^ {2}widened-access {2}Role ci\/secrets rules lets ServiceAccount ci\/secrets delete secrets.*\(home\)$/,
      ),
      '      name exactly the verbs, resources and names that it needs',
      '',
      'Changes',
      '  ~ Role ci/secrets (secrets; home)',
      '      + rules[0].verbs[1]: "delete"',
      '',
    ]
      .map((line) => (typeof line === 'string' ? line : text.split('\n')[3]))
      .join('\n'),
  );
  expect(text.split('\n')[3]).toMatch(/delete secrets.*\(home\)$/);
  expect(format(report, 'text', true)).toContain('\u001b[31m');
});

test('no value steers a terminal, and none leaves its place in a comment', () => {
  const evil = '\u001b]52;c;x\u0007 \u202eevil </details> ``` @somebody | ![x](http://x)';
  const hostile = edit(example, 'ConfigMap ci/redis', ({ data }) => (data.evil = evil));
  const report = toReport('main', example, hostile, [], '2026-11-21');
  expect(format(report, 'text', false).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  const markdown = format(report, 'markdown', false);
  const [, fence = '', inside = ''] = /\n(`{3,})diff\n(.*?)\n\1\n/s.exec(markdown) ?? [];
  expect(fence.length).toBeGreaterThan(3);
  expect(inside).toContain('@somebody');
  expect(markdown.replace(inside, '')).not.toContain('@somebody');
});

test('a comment holds at most what GitHub takes, and says what it leaves out', () => {
  const many = example.concat(
    Array.from(
      { length: 2000 },
      (_, n) =>
        ({
          ...example[0],
          key: `home core ConfigMap ci/${n}`,
          id: `ConfigMap ci/${'x'.repeat(40)}${n}`,
        }) as (typeof example)[number],
    ),
  );
  const markdown = format(toReport('main', example, many, [], '2026-11-21'), 'markdown', false);
  expect(markdown.startsWith(marker)).toBe(true);
  expect(markdown.length).toBeLessThan(65_536);
  expect(markdown).toMatch(/\d+ more: `\.\/bellows diff main` shows them\./);
});

test('what a cluster needs is said at rest and at most, where it changes', () => {
  const more = edit(example, 'ScaledJob ci-agents/agent-amd64-m', ({ spec }) => (spec.maxReplicaCount += 3));
  const [home, ...others] = compareCapacity(
    [...example, ...inCluster('lab')],
    [...more, ...inCluster('lab')],
  );
  expect(others).toEqual([]);
  expect(home?.after.atRest).toEqual(home?.before.atRest);
  expect((home?.after.atMost.cpu ?? 0) - (home?.before.atMost.cpu ?? 0)).toBe(6);
  expect((home?.after.atMost.memory ?? 0) - (home?.before.atMost.memory ?? 0)).toBe(12 * 2 ** 30);
  const disks = without(example, 'StatefulSet ci/gitea');
  expect(toCapacity(example).atRest.storage - toCapacity(disks).atRest.storage).toBeGreaterThanOrEqual(
    20 * 2 ** 30,
  );
});

const scratch: string[] = [];
afterEach(() => {
  for (const folder of scratch.splice(0)) rmSync(folder, { recursive: true });
});

function createRepository(): { folder: string; git: (...args: string[]) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'bellows-diff-'));
  scratch.push(folder);
  const env = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
  const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.org'];
  const git = (...args: string[]) =>
    execFileSync('git', [...author, ...args], { cwd: folder, env })
      .toString()
      .trim();
  git('init', '-q', '-b', 'main');
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  git('add', '.');
  git('commit', '-qm', 'one');
  return { folder, git };
}

const platform = { waivers: [] };
const now = new Date('2026-11-21T12:00:00Z');

test('dist/ is compared with a revision of git, a removed file and all, and with a folder', () => {
  const { folder } = createRepository();
  rmSync(join(folder, 'dist/clusters/home/scaling/pools.yaml'));
  const report = readReport({ root: folder, base: 'main', platform, now });
  expect(report.edits.map(({ kind, object }) => `${kind} ${object}`).sort()).toEqual([
    'removed ScaledJob ci-agents/agent-amd64-m',
    'removed ScaledJob ci-agents/agent-arm64-l',
    'removed ServiceAccount ci-agents/agent',
    'removed TriggerAuthentication ci-agents/redis-keda',
  ]);
  cpSync(join(folder, 'dist'), join(folder, 'other'), { recursive: true });
  expect(readReport({ root: folder, base: 'other', platform, now }).edits).toEqual([]);
});

test('a tree in which nothing was committed yet is compared with nothing', () => {
  const { folder, git } = createRepository();
  git('rm', '-rq', '--cached', 'dist');
  git('commit', '-qm', 'two');
  const { edits } = readReport({ root: folder, base: 'HEAD', platform, now });
  expect(new Set(edits.map(({ kind }) => kind))).toEqual(new Set(['added']));
});

test.each(['nowhere', '--output=/tmp/x', '-h'])('the base %s is refused with what was expected', (base) => {
  const { folder } = createRepository();
  expect(() => readReport({ root: folder, base, platform, now })).toThrow(
    new TreeError(
      `${base} is neither a revision of this repository nor a folder; expected one such as origin/main`,
    ),
  );
});

test('a file that is no manifest is refused by name', () => {
  const { folder } = createRepository();
  mkdirSync(join(folder, 'dist/clusters/home/more'), { recursive: true });
  writeFileSync(join(folder, 'dist/clusters/home/more/x.yaml'), 'a: [1');
  expect(() => readReport({ root: folder, base: 'main', platform, now })).toThrow(
    /^dist\/clusters\/home\/more\/x\.yaml: /,
  );
  writeFileSync(join(folder, 'dist/clusters/home/more/x.yaml'), 'a: 1');
  expect(() => readReport({ root: folder, base: 'main', platform, now })).toThrow(
    'dist/clusters/home/more/x.yaml: a document is no object with a kind and a name',
  );
});
