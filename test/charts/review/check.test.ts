import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { checkPlatform } from '../../../charts/review/check.ts';
import { toLine } from '../../../charts/review/finding.ts';
import { parseOptions, usage } from '../../../charts/review/options.ts';
import { toReport } from '../../../charts/review/report.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';
import { root } from '../committed.ts';
import { applyChange, changes } from './change.ts';
import { platformWith } from './world.ts';

const run = promisify(execFile);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-check-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const withoutPolicy = platformWith((draft) => draft.remove('NetworkPolicy keda/keda-metrics-to-keda-out'));

test('a line says where the code stands, the rule, the object, what is wrong, and how to mend it', () => {
  const [finding] = checkPlatform([withoutPolicy]);
  if (finding === undefined) throw new Error('nothing was found');
  expect(toLine(finding)).toMatch(
    /^charts\/network\/edges\.ts:\d+: network-edge: NetworkPolicy keda\/keda-metrics-to-keda-in spec\.ingress\[0\]\.from\[0\] lets .+, which may not send there; make both ends with one NetworkEdge in charts\/network\/edges\.ts \(home: network\/edges\/keda-metrics-to-keda\/in\)$/,
  );
});

test('what several clusters have in common is said once', () => {
  const lab = { ...withoutPolicy, name: 'lab' };
  const errors = checkPlatform([withoutPolicy, lab]).filter(({ level }) => level === 'error');
  expect(errors).toMatchObject([{ clusters: ['home', 'lab'], rule: 'network-edge' }]);
});

test('an object without the shape of its kind is all that is said, and nothing throws', () => {
  const broken = platformWith((draft) => {
    draft.edit('Deployment ci/api').spec.template = {};
    draft.edit('NetworkPolicy ci/default-deny').spec = null;
    draft.remove('ConfigMap ci/redis');
  });
  expect(checkPlatform([broken]).map(({ object, at }) => `${object} ${at}`)).toEqual([
    'NetworkPolicy ci/default-deny spec',
    'Deployment ci/api spec.template.metadata',
    'Deployment ci/api spec.template.spec',
  ]);
});

test('whatever is changed in whichever object, it is judged, and nothing throws', () => {
  const built = platformWith();
  fc.assert(
    fc.property(fc.nat(built.objects.length - 1), changes, (index, change) => {
      const rendered = built.objects[index];
      if (rendered === undefined) throw new Error('no object');
      const object = structuredClone(rendered.object);
      applyChange(object, change);
      const findings = checkPlatform([
        { ...built, objects: built.objects.with(index, { ...rendered, object }) },
      ]);
      for (const { message, mend } of findings) expect([message, mend]).not.toContain('');
    }),
    { numRuns: 150 },
  );
});

test('a definition that a chart brings is what its objects are held against', () => {
  const findings = checkPlatform([
    platformWith((draft) => {
      draft.add('add-ons', {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: {
          name: 'things.example.org',
          annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
        },
        spec: {
          group: 'example.org',
          scope: 'Cluster',
          names: { kind: 'Thing', plural: 'things' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: {
                  type: 'object',
                  properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
                },
              },
            },
            { name: 'v0', served: false, storage: false },
          ],
        },
      });
      draft.add('scaling', {
        apiVersion: 'example.org/v1',
        kind: 'Thing',
        metadata: { name: 'a' },
        spec: { sise: 1 },
      });
    }),
  ]).filter(({ level }) => level === 'error');
  expect(findings).toMatchObject([
    { rule: 'schema', object: 'Thing a', at: 'spec.sise', mend: 'did you mean "size"?' },
  ]);
});

test('what a LimitRange gives to a container counts as said by it', () => {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'ci', namespace: 'ci' } };
  const range = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'ci', namespace: 'ci' } };
  const limits = [{ type: 'Container', default: { cpu: '2' }, defaultRequest: { cpu: '100m' } }];
  const found = (cores: string) =>
    checkPlatform([
      platformWith((draft) => {
        draft.add('foundation', { ...quota, spec: { hard: { 'limits.cpu': cores, 'requests.cpu': '1' } } });
        draft.add('foundation', { ...range, spec: { limits } });
      }),
    ]).filter(({ rule }) => rule === 'quota');
  expect(found('14')).toEqual([]);
  // Three of the api while it is rolled, and one each of Gitea, Redis and two Jobs.
  expect(found('13')).toMatchObject([{ message: expect.stringContaining('its pods need 14 at their most') }]);
});

test.each([
  [
    'redis: {servers: 3, exporter: true}',
    'postgres',
    'bucket: {url: "https://s3.example.org/copies", credentials: s3}',
  ],
  [
    'redis: {servers: 3}',
    'postgres, postgres: {server: {host: pg-rw.databases.svc, credentials: db}}',
    'bucket: {url: "https://s3.example.org/copies", credentials: s3}',
  ],
  [
    'redis: {memory: 1Gi}',
    'postgres, postgres: {server: {host: db.example.org, credentials: db, addresses: [192.168.7.9/32]}}',
    'volume: 20Gi',
  ],
  ['redis: {exporter: true}', 'sqlite', 'volume: 20Gi'],
])('with every option the world is closed as well: %s, %s, %s', (redis, database, backup) => {
  const text = `
clusters:
  home:
    signIn: {roles: "view=*"}
    ${redis}
    gitea: {organizations: [acme], database: ${database}, ssh: true}
    backup: {${backup}}
    monitoring: {by: operator}
    pools: {m: {arch: amd64, max: 1}}
`;
  const platform = buildPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  expect(checkPlatform(platform).filter(({ level }) => level === 'error')).toEqual([]);
});

test('errors fail, advice does not; both are counted', () => {
  const [error, ...advice] = checkPlatform([withoutPolicy]);
  if (error === undefined) throw new Error('nothing was found');
  expect(toReport([], 1, 2, false)).toEqual({
    stdout: '',
    stderr: '1 object, 2 rules: all is well\n',
    exitCode: 0,
  });
  expect(toReport(advice, 70, 36, false)).toMatchObject({
    stderr: '70 objects, 36 rules: 3 to weigh\n',
    exitCode: 0,
  });
  expect(toReport([error, ...advice], 70, 36, false)).toMatchObject({
    stderr: '70 objects, 36 rules: 1 error, 3 to weigh\n',
    exitCode: 1,
  });
  const { stdout, exitCode } = toReport([error], 70, 36, true);
  expect([JSON.parse(stdout), exitCode]).toEqual([{ findings: [error], objects: 70, rules: 36 }, 1]);
});

test('options are few, and another is refused', () => {
  expect(parseOptions([])).toEqual({ file: 'platform.yaml', json: false, help: false });
  expect(parseOptions(['--file', 'x.yaml', '--json', '-h'])).toEqual({
    file: 'x.yaml',
    json: true,
    help: true,
  });
  expect(() => parseOptions(['--fix'])).toThrow("Unknown option '--fix'");
  expect(usage).toContain('docs/operations/checks.md');
});

test('the program says what it found, and ends with it', async () => {
  const check = (...args: string[]) =>
    run(process.execPath, [join(root, 'services/cli/main.ts'), 'check', ...args], {
      cwd: root,
      env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', HOME: folder },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  const file = join(folder, 'platform.yaml');
  writeFileSync(file, 'clusters: {home: {pool: {}}}');
  const [well, wrong, unknown] = await Promise.all([check('--json'), check('--file', file), check('--fix')]);
  expect(well).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(well.stdout).objects).toBe(withoutPolicy.objects.length + 1);
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toContain(`${file}:1:19: unknown key "pool" in clusters.home; did you mean "pools"?`);
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain("bellows: Unknown option '--fix'");
});
