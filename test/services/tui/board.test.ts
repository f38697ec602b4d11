import { expect, test } from '@jest/globals';
import {
  type Board,
  emptyBoard,
  forget,
  hear,
  learn,
  learnOlder,
  mostRoom,
  toJobs,
} from '../../../services/tui/board.ts';
import { createClaimedStep, createJob, toJobId } from './jobs.ts';

const queued = createJob();
const claimed = { type: 'claimed', job: queued.id, at: 5, agent: 'a', attempt: 1, fence: 1 } as const;
const stepped = { type: 'step', job: queued.id, at: 6, fence: 1, step: createClaimedStep(6) } as const;

test('jobs are listed newest first, and at the same moment always in the same order', () => {
  const jobs = [
    createJob({ number: 1, createdAt: 1 }),
    createJob({ number: 3, createdAt: 2 }),
    createJob({ number: 2, createdAt: 2 }),
  ];
  expect(toJobs(learn(emptyBoard, jobs, '1-0')).map(({ id }) => id)).toEqual([2, 3, 1].map(toJobId));
});

test('an event that the snapshot already holds is not folded again', () => {
  const board = learn(emptyBoard, [{ ...queued, state: 'success' }], '9-1');
  expect(toJobs(hear(board, '9-1', claimed))[0]?.state).toBe('success');
  expect(toJobs(hear(board, '10-0', claimed))[0]?.state).toBe('running');
  expect(toJobs(hear(board, '9-2', claimed))[0]?.state).toBe('running');
});

test('events that were heard while a snapshot was on its way are folded onto it', () => {
  const before = hear(hear(learn(emptyBoard, [queued], '1-0'), '2-0', claimed), '3-0', stepped);
  const late = learn(before, [queued], '1-0');
  expect(toJobs(late)[0]).toMatchObject({ state: 'running', steps: [{ name: 'test' }] });
});

test('a list carries no steps, and does not take those that are known', () => {
  const board = hear(hear(learn(emptyBoard, [queued], '1-0'), '2-0', claimed), '3-0', stepped);
  const running = { ...queued, state: 'running', fence: 1 } as const;
  expect(toJobs(learn(board, [running], '3-0'))[0]?.steps).toHaveLength(1);
  expect(toJobs(learn(board, [{ ...running, fence: 2 }], '4-0'))[0]?.steps).toHaveLength(0);
});

test('events of unknown jobs change nothing; a created job is known', () => {
  expect(toJobs(hear(emptyBoard, '1-0', claimed))).toEqual([]);
  expect(
    toJobs(hear(emptyBoard, '1-0', { type: 'created', job: queued.id, at: 1, snapshot: queued })),
  ).toEqual([queued]);
});

test('no more than 500 jobs and 500 events are kept, the newest, and the opened job', () => {
  let board: Board = { ...emptyBoard, pinned: toJobId(7) };
  for (let number = 1; number <= 600; number++) {
    const job = createJob({ number, createdAt: number });
    board = hear(board, `${number}-0`, { type: 'created', job: job.id, at: number, snapshot: job });
  }
  expect(board.recent).toHaveLength(500);
  expect(toJobs(board).map(({ createdAt }) => createdAt)).toEqual(
    [...Array(500).keys()].map((n) => 600 - n).concat(7),
  );
});

test('before a new snapshot all is forgotten but the opened job', () => {
  const board = learn(emptyBoard, [queued, createJob({ number: 2 })], '1-0');
  expect(toJobs(forget({ ...board, pinned: queued.id }))).toEqual([queued]);
  expect(toJobs(forget(board))).toEqual([]);
});

test('older jobs are kept beside the newest, up to so many, until a new snapshot', () => {
  const page = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => createJob({ number: from - at, createdAt: from - at }));
  const newest = learn(emptyBoard, page(10_000, 600), '1-0');
  expect(toJobs(newest)).toHaveLength(500);
  const more = learnOlder(newest, page(9_500, 100), '1-0');
  expect(toJobs(more)).toHaveLength(600);
  expect(toJobs(hear(more, '2-0', { ...claimed, job: toJobId(10_000) }))).toHaveLength(600);
  expect(toJobs(learnOlder(more, page(9_400, 9_000), '1-0'))).toHaveLength(mostRoom);
  expect(forget(more).room).toBe(500);
});
