import { expect, test } from '@jest/globals';
import { pins } from '../../charts/pins.ts';

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
