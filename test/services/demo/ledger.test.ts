import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Job, JobEvent } from '../../../services/core/job/index.ts';
import { type Movement, toLedger } from '../../../services/demo/ledger.ts';
import { aJob } from './job.ts';

const movement = (n: number): Movement => ({
  repository: 'local/demo/x',
  ref: 'refs/heads/main',
  sha: n.toString(16).padStart(40, '0').split('').reverse().join(''),
});
const job = (n: number, state: Job['state'] = 'success', twin = 0): Job => {
  const { sha, ...rest } = movement(n);
  return aJob({ id: `${twin}${n}`.padStart(20, '0'), state, spec: { ...rest, sha } });
};
const end = ({ id }: Job, at = 1): JobEvent => ({ type: 'finished', job: id, at, state: 'success' });

test('what was accepted and ended once is finished, however often it was named', () => {
  const one = job(1);
  expect(toLedger([movement(1), movement(1)], [one], [end(one)])).toEqual({
    accepted: 1,
    finished: 1,
    lost: [],
    doubled: [],
    unasked: [],
  });
});

test('without a job, or with one that has not ended, it is lost', () => {
  const ledger = toLedger([movement(1), movement(2)], [job(2, 'running')], []);
  expect(ledger.lost).toEqual([
    'local/demo/x refs/heads/main 100000000000',
    'local/demo/x refs/heads/main 200000000000',
  ]);
  expect(ledger.finished).toBe(0);
});

test('two jobs of one movement are doubled, and so is a job that ended twice', () => {
  const [one, twin, two] = [job(1), job(1, 'failure', 9), job(2)];
  const events = [end(one), end(twin), end(two), end(two, 2)];
  expect(toLedger([movement(1), movement(2)], [one, twin, two], events).doubled).toHaveLength(2);
});

test('a job that nobody asked for is named', () => {
  expect(toLedger([], [job(3)], []).unasked).toEqual(['local/demo/x refs/heads/main 300000000000']);
});

test('every accepted movement is finished, lost or doubled', () => {
  const count = fc.nat({ max: 2 });
  fc.assert(
    fc.property(fc.array(fc.tuple(count, count), { maxLength: 15 }), (counts) => {
      const movements = counts.map((_, n) => movement(n + 1));
      const jobs = counts.flatMap(([copies], n) =>
        Array.from({ length: copies }, (_, twin) => job(n + 1, 'success', twin)),
      );
      const events = counts.flatMap(([copies, ends], n) =>
        copies === 0 ? [] : Array.from({ length: ends }, (_, at) => end(job(n + 1), at)),
      );
      const ledger = toLedger(movements, jobs, events);
      const good = counts.filter(([copies, ends]) => copies === 1 && ends < 2).length;
      expect(ledger.finished).toBe(good);
      expect(ledger.finished + new Set([...ledger.lost, ...ledger.doubled]).size).toBe(ledger.accepted);
    }),
  );
});
