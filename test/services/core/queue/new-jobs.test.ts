import { expect, test } from '@jest/globals';
import type { NewJob } from '../../../../services/core/queue/index.ts';
import { toCall } from '../../../../services/core/queue/new-jobs.ts';
import { toNewJob, toPush, toRequest, toSpec } from '../../../support/job.ts';

const named = (workflow: string, given: Partial<NewJob> = {}) =>
  toNewJob({ spec: toSpec({ workflow }), ...given });
const call = (...jobs: NewJob[]) => toCall(toRequest(jobs, 'key'), 0, 3);

test('what can never be right is refused, and the message says what was expected', () => {
  const wrong: [NewJob[], RegExp][] = [
    [[], /1 to 3 jobs, this one 0/],
    [['a', 'b', 'c', 'd'].map((name) => named(name)), /1 to 3 jobs, this one 4/],
    [[named('a'), named('a')], /the same workflow/],
    [[named('a', { pool: 'no pool' })], /"no pool" is no name of a pool/],
    [[named('a', { priority: 10 })], /priority 10; expected 0 to 9/],
    [[named('a', { group: { name: 'g', limit: 0 } })], /group "g" has limit 0; expected 1 or more/],
    [[named('a', { needs: ['b'] })], /"a" needs "b", which the pipeline does not have/],
    [[named('a', { needs: ['b'] }), named('b', { needs: ['a'] }), named('c')], /need each other: a, b$/],
  ];
  for (const [jobs, message] of wrong) expect(() => call(...jobs)).toThrow(message);
});

test('an id says what made it: another ref, commit, epoch or event is another pipeline', () => {
  const push = toPush('a'.repeat(40));
  const ids = [
    toCall(push, 0, 3),
    toCall(push, 1, 3),
    toCall(toPush('b'.repeat(40)), 0, 3),
    toCall(toPush('a'.repeat(40), { ref: 'refs/heads/other' }), 0, 3),
    toCall({ ...push, cause: { ...push.cause, event: 'tag' } as typeof push.cause }, 0, 3),
    toCall(toRequest([toNewJob()], 'a'), 0, 3),
    toCall(toRequest([toNewJob()], 'b'), 0, 3),
  ].map(({ pipeline }) => pipeline);
  expect(new Set(ids).size).toBe(ids.length);
  // Where the ref stood before is no part of it: forges and the reconciler may say it differently.
  expect(toCall(toPush('a'.repeat(40), { before: 'c'.repeat(40) }), 0, 3).pipeline).toBe(ids[0]);
});
