import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { withDigests } from '../../charts/digests.ts';
import { k3sVersion, pins } from '../../charts/pins.ts';
import { readPlatform } from '../../charts/platform-file.ts';
import { checkPlatform } from '../../charts/review/check.ts';
import { buildPlatform, renderPlatform, toUnits } from '../../charts/units.ts';
import { root } from './committed.ts';

const toNumbers = (image: string) => {
  const [, major = '', minor = '', patch = ''] = /:(\d+)\.(\d+)\.(\d+)-/.exec(image) ?? [];
  return Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch);
};

test('Redis and Gitea are of versions without the holes that we know of', () => {
  // CVE-2025-49844 (Lua) and CVE-2026-23479 (a blocked client, which every reader of ours is).
  expect(toNumbers(pins.redis)).toBeGreaterThanOrEqual(8_006_003);
  // CVE-2026-24791, CVE-2025-68941, CVE-2026-58426.
  expect(toNumbers(pins.gitea)).toBeGreaterThanOrEqual(1_026_002);
});

const digest = `sha256:${'a'.repeat(64)}`;

test('with a pins.json every image that it knows has its digest, and one that it does not know is an error', () => {
  const platform = readPlatform(join(root, 'platform.yaml'));
  expect(platform.digests).toBeUndefined();
  const found = (digests?: Record<string, string>) =>
    checkPlatform(buildPlatform({ ...platform, digests }, toUnits)).filter(({ rule }) =>
      rule.startsWith('image-'),
    );
  const without = found();
  expect(new Set(without.map(({ level }) => level))).toEqual(new Set(['advice']));
  const used = without.map(({ message }) => JSON.parse(/"[^"]+"/.exec(message)?.[0] ?? '""') as string);
  const all = Object.fromEntries(used.map((image) => [image, digest]));
  expect(found(all)).toEqual([]);
  const { [pins.redis]: _, ...others } = all;
  expect(found(others)).toMatchObject([{ rule: 'image-digest', level: 'error' }]);

  const plain = renderPlatform(platform, toUnits);
  const pinned = renderPlatform({ ...platform, digests: all }, toUnits);
  for (const [path, text] of pinned) expect(text.replaceAll(`@${digest}`, '')).toBe(plain.get(path));
  expect(pinned.get('clusters/home/data/redis.yaml')).toContain(`image: ${pins.redis}@${digest}`);
});

test('a chart of an OCI registry gets its digest beside its tag; what has one keeps it', () => {
  const source = (ref: object) => ({ kind: 'OCIRepository', spec: { url: 'oci://ghcr.io/x/y', ref } });
  const digests = { 'ghcr.io/x/y:1.0.0': digest };
  expect(withDigests(source({ tag: '1.0.0' }), digests)).toEqual(source({ tag: '1.0.0', digest }));
  expect(withDigests(source({ tag: '1.0.0', digest: 'mine' }), digests)).toEqual(
    source({ tag: '1.0.0', digest: 'mine' }),
  );
  expect(withDigests(source({ tag: '2.0.0' }), digests)).toEqual(source({ tag: '2.0.0' }));
});

test('a pins.json that is none is said by its name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellows-pins-'));
  writeFileSync(join(folder, 'platform.yaml'), 'clusters: {home: {pools: {m: {arch: arm64, max: 1}}}}');
  for (const wrong of ['', '[]', '{"a": "latest"}', '{"a": 1}']) {
    writeFileSync(join(folder, 'pins.json'), wrong);
    expect(() => readPlatform(join(folder, 'platform.yaml'))).toThrow(
      /pins\.json: is not what bellows pins writes/,
    );
  }
  rmSync(folder, { recursive: true });
});

test('k3s brings a runc out of which no container is known to get', () => {
  // runc 1.3.3, in k3s since November 2025: CVE-2025-31133, CVE-2025-52565, CVE-2025-52881; CVE-2024-21626 is older.
  const [, major, minor, patch] = /^v(\d+)\.(\d+)\.(\d+)\+k3s\d+$/.exec(k3sVersion)?.map(Number) ?? [];
  expect([major, minor]).toEqual([1, expect.any(Number)]);
  expect((minor ?? 0) * 1000 + (patch ?? 0)).toBeGreaterThanOrEqual(34_002);
});
