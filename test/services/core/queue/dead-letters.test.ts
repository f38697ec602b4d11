import { expect, test } from '@jest/globals';
import { createQueue, type Queue } from '../../../../services/core/queue/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toRequest } from '../../../support/job.ts';
import { useQueue } from '../../../support/queue.ts';

let commands: Redis;
let queue: Queue;
let agents = 0;
useQueue((opened) => {
  ({ commands, queue } = opened);
});

const enqueue = async () => {
  const result = await queue.enqueue(toRequest([toNewJob()]));
  return result.answer === 'full' ? '' : (result.jobs[0] ?? '');
};
const claim = async () => {
  const agent = `agent-${agents++}`;
  return { agent, claimed: await queue.claim({ pool: 'default', agent, tokenHash: '' }) };
};
/** Loses every agent that takes it, as a job does that brings its machine down. */
const poison = async () => {
  for (let i = 0; i < 3; i++) await queue.lost((await claim()).agent, 'killed by signal 9');
};

test('a job that brings down three agents is a dead letter with its reason; one that two agents lost is not', async () => {
  const id = await enqueue();
  for (let i = 0; i < 2; i++) await queue.lost((await claim()).agent, 'killed by signal 9');
  expect((await queue.deadLetters({ limit: 10 })).jobs).toEqual([]);
  await queue.lost((await claim()).agent, 'killed by signal 9');
  const { jobs } = await queue.deadLetters({ limit: 10 });
  expect(jobs).toMatchObject([{ id, state: 'dead', reason: 'lost 3 agents; the last: killed by signal 9' }]);
});

test('a job whose tries are used up is a dead letter, and back in the queue it has all of them again', async () => {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { errors: 1 } });
  const id = await enqueue();
  for (let round = 0; round < 3; round++) {
    const { claimed } = await claim();
    await queue.complete(id, claimed?.fence ?? 0, { outcome: 'error', reason: 'the forge is away' });
    const { jobs } = await queue.deadLetters({ limit: 10 });
    expect(jobs.map(({ reason }) => reason)).toEqual(['tried 1 times; the last: the forge is away']);
    expect(await queue.requeue(id)).toBe('done');
    expect(await queue.requeue(id)).toBe('not-dead');
    expect((await queue.deadLetters({ limit: 10 })).jobs).toEqual([]);
    expect((await queue.job(id))?.job.state).toBe('queued');
    expect(await queue.audit()).toEqual([]);
  }
});

test('dead letters are listed the last one first, each once, however small the pages and however many died at once', async () => {
  const ids = [];
  for (let i = 0; i < 7; i++) {
    ids.push(await enqueue());
    await poison();
  }
  // All at the same moment, which a page may end in.
  for (const id of ids.slice(2, 6)) await commands.zadd('ci:{q}:dead', 1_000_000_000_000, id);
  const all = (await queue.deadLetters({ limit: 100 })).jobs.map(({ id }) => id);
  expect([...all].sort()).toEqual([...ids].sort());
  for (const limit of [1, 2, 3]) {
    const found: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await queue.deadLetters({ limit, ...(cursor === undefined ? {} : { cursor }) });
      found.push(...page.jobs.map(({ id }) => id));
      cursor = page.next;
      if (cursor === undefined) break;
    }
    expect(found).toEqual(all);
  }
  await expect(queue.deadLetters({ limit: 1, cursor: 'x' })).rejects.toThrow('cursor "x"');
});
