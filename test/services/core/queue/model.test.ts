import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { apply, type Job } from '../../../../services/core/job/index.ts';
import { createFollower } from '../../../../services/core/queue/index.ts';
import { openRedis } from '../../../../services/core/runtime/index.ts';
import { createPlay } from '../../../model/play.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';
import { until } from '../../../support/until.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

test('after each of 1,500 random operations, hashes, model and folded events are the same and the audit is clean', async () => {
  // However slow the machine: a command that is given up is no divergence.
  const commands = await redis.connect('blocking');
  const follower = createFollower({
    commands,
    openBlocking: () => openRedis({ url: redis.url }, 'blocking'),
  });
  const followed = new Map<string, Job>();
  const stop = new AbortController();
  let last = '';
  const following = follow();
  const seed = 20_261;
  const play = createPlay(commands, seed);
  const done: string[] = [];
  for (let i = 0; i < 1_500; i++) {
    try {
      done.push(await play.step());
    } catch (error) {
      throw new Error(`seed ${seed}, operation ${i}, after: ${done.slice(-10).join(', ')}`, { cause: error });
    }
  }
  await until(() => last === play.event());
  stop.abort();
  await following;
  await follower.close();

  // A reader that only heard the events, over the line, knows the same.
  for (const [id, job] of play.folded) expect(followed.get(id)).toEqual(job);

  async function follow() {
    for await (const message of follower.events('0-0', stop.signal)) {
      if ('reset' in message) throw new Error('reset');
      const job = apply(followed.get(message.event.job), message.event);
      if (job !== undefined) followed.set(job.id, job);
      last = message.id;
    }
  }
}, 120_000);
