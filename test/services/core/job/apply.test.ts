import { expect, test } from '@jest/globals';
import {
  apply,
  closeSteps,
  type Job,
  type JobEvent,
  jobEventSchema,
} from '../../../../services/core/job/index.ts';
import { toSpec } from '../../../support/job.ts';

const id = 'a'.repeat(20);
const snapshot: Job = {
  id,
  pipeline: 'b'.repeat(20),
  pool: 'default',
  spec: toSpec(),
  state: 'queued',
  cancelling: false,
  attempt: 0,
  fence: 0,
  createdAt: 1,
  queuedAt: 1,
  steps: [],
};
const about = (at: number) => ({ job: id, at });
const life: JobEvent[] = [
  { type: 'created', ...about(1), snapshot },
  { type: 'claimed', ...about(2), agent: 'one', attempt: 1, fence: 1 },
  { type: 'step', ...about(3), fence: 1, step: { name: 'build', state: 'running', startedAt: 3 } },
  { type: 'lost', ...about(4), fence: 2, reason: 'killed' },
  { type: 'queued', ...about(4) },
  { type: 'claimed', ...about(5), agent: 'two', attempt: 2, fence: 3 },
  { type: 'step', ...about(6), fence: 1, step: { name: 'late', state: 'success' } },
  { type: 'step', ...about(6), fence: 3, step: { name: 'build', state: 'running', startedAt: 6 } },
  { type: 'cancelling', ...about(7) },
  { type: 'finished', ...about(8), state: 'cancelled', reason: 'cancelled by ada' },
];
const fold = (events: readonly JobEvent[], from?: Job) =>
  events.reduce<Job | undefined>((job, event) => apply(job, event), from);

test('a life is folded to its end, and a step of an old fence is not in it', () => {
  expect(fold(life)).toEqual({
    ...snapshot,
    state: 'cancelled',
    reason: 'cancelled by ada',
    attempt: 2,
    fence: 3,
    agent: 'two',
    queuedAt: 4,
    startedAt: 5,
    finishedAt: 8,
    steps: [{ name: 'build', state: 'cancelled', startedAt: 6 }],
  });
});

test('folding on from any snapshot, again from any event before it, ends the same', () => {
  for (let seen = 1; seen <= life.length; seen++) {
    for (let from = 0; from <= seen; from++) {
      expect(fold(life.slice(from), fold(life.slice(0, seen)))).toEqual(fold(life));
    }
  }
});

test('an event of another job, or of one that is not known, changes nothing', () => {
  const event: JobEvent = { type: 'queued', job: 'c'.repeat(20), at: 9 };
  expect(apply(snapshot, event)).toBe(snapshot);
  expect(apply(undefined, event)).toBeUndefined();
});

test('each kind of event sets its state and keeps its reason', () => {
  const states: [JobEvent, Partial<Job>][] = [
    [
      { type: 'waiting', ...about(2), reason: 'needs "build"' },
      { state: 'waiting', reason: 'needs "build"' },
    ],
    [
      { type: 'blocked', ...about(2), reason: 'full' },
      { state: 'blocked', reason: 'full' },
    ],
    [
      { type: 'delayed', ...about(2), until: 9, reason: 'away' },
      { state: 'delayed', reason: 'away' },
    ],
    [
      { type: 'skipped', ...about(2), reason: 'no' },
      { state: 'skipped', reason: 'no', finishedAt: 2 },
    ],
    [
      { type: 'dead', ...about(2), reason: 'lost' },
      { state: 'dead', reason: 'lost', finishedAt: 2 },
    ],
    [
      { type: 'finished', ...about(2), state: 'failure', exitCode: 3 },
      { state: 'failure', exitCode: 3 },
    ],
  ];
  for (const [event, expected] of states) {
    expect(jobEventSchema.parse(event)).toEqual(event);
    expect(apply(snapshot, event)).toMatchObject(expected);
  }
});

test('steps of a job that runs no more are neither running nor to come', () => {
  const steps = closeSteps([
    { name: 'a', state: 'success' },
    { name: 'b', state: 'running' },
    { name: 'c', state: 'pending' },
  ]);
  expect(steps.map(({ state }) => state)).toEqual(['success', 'cancelled', 'skipped']);
});
