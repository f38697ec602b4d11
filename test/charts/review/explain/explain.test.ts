import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Platform } from '../../../../charts/platform.ts';
import { readPlatform } from '../../../../charts/platform-file.ts';
import { explain, findObjects, UnknownError } from '../../../../charts/review/explain/explain.ts';
import { parseOptions } from '../../../../charts/review/explain/options.ts';
import { toText } from '../../../../charts/review/explain/text.ts';
import { buildPlatform, toUnits } from '../../../../charts/units.ts';
import { root } from '../../committed.ts';

const file = join(root, 'platform.yaml');
const platform = readPlatform(file);
const build = (given: Platform) => buildPlatform(given, toUnits);
const clusters = build(platform);

function explained(wanted: string) {
  const [found, ...more] = findObjects(clusters, wanted);
  if (found === undefined || more.length > 0) throw new Error(`${wanted} is not one object`);
  return explain(found, platform, file, build);
}

const pool = explained('ScaledJob ci-agents/agent-arm64-l');

test('an object hangs on the settings of its own pool, on no other, and is not there without it', () => {
  const paths = pool.settings.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['clusters.home.registry', 'clusters.home.pools.arm64-l.max']),
  );
  expect(paths.filter((path) => path.includes('amd64-m'))).toEqual([]);
  expect(pool.settings.filter(({ makes }) => makes).map(({ path }) => path)).toEqual([
    'clusters.home.pools.arm64-l',
  ]);
});

test('each setting that the file has is said with its line, and a default as one', () => {
  const lineOf = (name: string) => pool.settings.find(({ path }) => path.endsWith(name))?.line;
  expect([lineOf('arm64-l'), lineOf('arm64-l.arch'), lineOf('arm64-l.max')]).toEqual([9, 10, 13]);
  expect(lineOf('arm64-l.disk')).toBeUndefined();
});

test('what a setting is said to change does change, and what is not said does not', () => {
  const textWith = (change: (home: Platform['clusters'][string]) => void) => {
    const changed = structuredClone(platform);
    const { home } = changed.clusters;
    if (home !== undefined) change(home);
    const [found] = findObjects(build(changed), 'ScaledJob ci-agents/agent-arm64-l');
    return JSON.stringify(found?.item.object);
  };
  const now = textWith(() => undefined);
  expect(textWith((home) => (home.registry = 'git.example.org/ours'))).not.toBe(now);
  expect(textWith((home) => (home.domain = 'example.org'))).toBe(now);
  expect(pool.settings.map(({ path }) => path)).not.toContain('clusters.home.domain');
});

test('it says the file, the construct, the line of code, what it names and what names it', () => {
  const redis = explained('StatefulSet ci/redis');
  expect(redis).toMatchObject({
    object: 'StatefulSet ci/redis',
    cluster: 'home',
    file: 'dist/clusters/home/data/redis.yaml',
    source: expect.stringMatching(/^charts\/data\/redis\.ts:\d+$/),
  });
  expect(redis.names.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['ConfigMap ci/redis', 'Service ci/redis-members', 'ServiceAccount ci/redis']),
  );
  expect(redis.namedBy.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['Service ci/redis', 'NetworkPolicy ci/api-to-redis-in']),
  );
});

test.each(['Deployment ci/api', 'deployment/api', 'Deployment api'])('%s is one object', (wanted) => {
  expect(findObjects(clusters, wanted).map(({ item }) => item.id)).toEqual(['Deployment ci/api']);
});

test('a name that several have, and a file, are all of them', () => {
  expect(findObjects(clusters, 'ci/redis').length).toBeGreaterThan(2);
  expect(
    findObjects(clusters, 'dist/clusters/home/scaling/pools.yaml').map(({ item }) => item.object.kind),
  ).toEqual(['ServiceAccount', 'TriggerAuthentication', 'ScaledJob', 'ScaledJob']);
});

test('what is misspelt is refused with what comes near', () => {
  expect(() => findObjects(clusters, 'Deploymnt ci/api')).toThrow(
    new UnknownError('nothing is called "Deploymnt ci/api"; did you mean "Deployment ci/api"?'),
  );
  expect(() => parseOptions([])).toThrow('expected an object such as "Deployment ci/api"');
  expect(parseOptions(['StatefulSet', 'ci/redis', '--json'])).toMatchObject({
    wanted: 'StatefulSet ci/redis',
    json: true,
  });
});

test('a person reads it in aligned lines', () => {
  expect(toText([pool], 'platform.yaml').split('\n').slice(0, 7)).toEqual([
    'ScaledJob ci-agents/agent-arm64-l in home',
    '  file       dist/clusters/home/scaling/pools.yaml',
    '  construct  scaling/pools/arm64-l',
    expect.stringMatching(/^ {2}source {5}charts\/scaling\/pools\.ts:\d+$/),
    '  settings   clusters.home.registry = "localhost/bellows" (default)',
    '             clusters.home.redis.servers = 1 (default)',
    '             clusters.home.pools.arm64-l (platform.yaml:9), or it is not there',
  ]);
});
