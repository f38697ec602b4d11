import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isRecent, toEventTimes } from '../../../../services/core/forge/event-time.ts';
import { readFixture } from '../../../support/webhook.ts';

const day = 86_400_000;
const now = Date.parse('2026-05-31T00:00:00Z');
const read = (forge: 'gitea' | 'github', name: string) =>
  toEventTimes(JSON.parse(`${readFixture(forge, name)}`)).map((ms) => new Date(ms).toISOString());

test('GitHub says when a push was, and both when a pull request was; else each time that may be it counts', () => {
  expect(read('github', 'push')).toEqual(['2026-05-30T14:02:08.000Z']);
  expect(read('github', 'push-deleted')).toHaveLength(1);
  for (const forge of ['gitea', 'github'] as const)
    expect(read(forge, 'pull-request-opened')).toEqual(['2026-05-30T14:10:00.000Z']);
  expect(read('gitea', 'push')).toEqual(['2026-05-30T14:02:09.000Z', '2026-05-30T14:02:08.000Z']);
  expect(read('gitea', 'delete')).toEqual(['2026-05-30T14:02:09.000Z']);
});

test('recent is what happened within the time, by a clock that is not far ahead of ours', () => {
  expect(isRecent([now - day + 1], now, day)).toBe(true);
  expect(isRecent([now - day], now, day)).toBe(false);
  expect(isRecent([0, now + 9 * 60_000], now, day)).toBe(true);
  // A commit that its author has dated into the future proves nothing.
  expect(isRecent([now + 10 * 60_000], now, day)).toBe(false);
  expect(isRecent([], now, day)).toBe(false);
});

test('no JSON whatever has a time that is no number', () => {
  fc.assert(fc.property(fc.jsonValue(), (payload) => toEventTimes(payload).every(Number.isFinite)));
  expect(toEventTimes({ repository: { updated_at: {}, pushed_at: 'x' }, head_commit: null })).toEqual([]);
});
