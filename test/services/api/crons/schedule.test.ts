import { expect, test } from '@jest/globals';
import { parseSchedule, ScheduleError } from '../../../../services/api/crons/schedule.ts';

const at = (text: string) => Date.parse(text);
const read = (schedule: string, timezone = 'UTC') => parseSchedule({ schedule, timezone });

test.each([
  ['0 3 * * 1-5', 'UTC', '2026-11-20T03:00:00Z', '2026-11-23T03:00:00Z'],
  ['*/15 * * * *', 'UTC', '2026-11-21T18:15:00Z', '2026-11-21T18:30:00Z'],
  ['0 4 1 jan,jul *', 'UTC', '2026-07-01T04:00:00Z', '2027-01-01T04:00:00Z'],
  ['@daily', 'Asia/Tokyo', '2026-11-21T15:00:00Z', '2026-11-22T15:00:00Z'],
  ['@weekly', 'UTC', '2026-11-15T00:00:00Z', '2026-11-22T00:00:00Z'],
])('%s in %s was due at %s, and will be at %s', async (schedule, timezone, last, next) => {
  const { last: toLast, next: toNext } = await read(schedule, timezone);
  const now = at('2026-11-21T18:20:00Z');
  expect([toLast(now), toNext(now)]).toEqual([at(last), at(next)]);
});

test('the very moment counts as due', async () => {
  const { last } = await read('20 18 * * *');
  expect(last(at('2026-11-21T18:20:00Z'))).toBe(at('2026-11-21T18:20:00Z'));
});

test('where the clocks change, what is due in the night is due once', async () => {
  const { last } = await read('30 2 * * *', 'Europe/Berlin');
  const days = ['2026-03-28', '2026-03-29', '2026-03-30', '2026-10-24', '2026-10-25', '2026-10-26'];
  expect(days.map((day) => new Date(last(at(`${day}T12:00:00Z`)) ?? 0).toISOString().slice(0, 16))).toEqual([
    '2026-03-28T01:30',
    '2026-03-29T01:00',
    '2026-03-30T00:30',
    '2026-10-24T00:30',
    '2026-10-25T00:30',
    '2026-10-26T01:30',
  ]);
});

test.each([
  ['', 'expected five fields'],
  ['* * * * * *', 'expected five fields'],
  ['2026-12-01T00:00:00', 'expected five fields'],
  ['@reboot', 'expected five fields'],
  ['a b c d e', 'illegal characters'],
  ['61 * * * *', 'is no schedule'],
  ['0 0 31 2 *', 'never comes'],
])('%j is refused: %s', async (schedule, message) => {
  const reading = read(schedule);
  await expect(reading).rejects.toThrow(ScheduleError);
  await expect(reading).rejects.toThrow(message);
});

test('an unknown time zone is refused by its name', async () => {
  await expect(read('@daily', 'Mars/Base')).rejects.toThrow('"@daily" in Mars/Base is no schedule');
});
