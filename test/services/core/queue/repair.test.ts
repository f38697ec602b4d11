import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { isFinal } from '../../../../services/core/job/index.ts';
import {
  createBundles,
  createQueue,
  type NewJob,
  type Queue,
} from '../../../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let queue: Queue;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
});
afterAll(() => redis.stop());
beforeEach(() => commands.flushall());

const repository = 'gitea/ada/bell';
const job = (workflow: string, given: Partial<NewJob> = {}) =>
  toNewJob({ spec: toSpec({ workflow, repository }), ...given });

/** A job in each state, with all that can hang on one. */
async function setUp() {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { losses: 1 }, told: ['gitea'] });
  const ids: Record<string, string> = {};
  const enqueue = async (...jobs: NewJob[]) => {
    const result = await queue.enqueue(toRequest(jobs));
    if (result.answer === 'full') throw new Error('full');
    for (const [i, { spec }] of jobs.entries()) ids[spec.workflow ?? ''] = result.jobs[i] ?? '';
    return result.pipeline;
  };
  const run = async (name: string) => {
    const claimed = await queue.claim({
      pool: 'default',
      agent: `agent-${name}`,
      tokenHash: 'a'.repeat(64),
      prefer: ids[name] ?? '',
    });
    if (claimed === undefined || claimed.job !== ids[name]) throw new Error(`${name} is not ready`);
    return claimed.fence;
  };
  const group = { name: 'deploy', limit: 1 };
  const pipeline = await enqueue(job('stands'), job('failed'));
  await queue.complete(ids.stands ?? '', await run('stands'), { outcome: 'success' });
  await queue.complete(ids.failed ?? '', await run('failed'), { outcome: 'failure' });
  await queue.rerun(pipeline);
  await enqueue(job('dead'));
  await run('dead');
  await queue.lost('agent-dead', 'killed');
  await enqueue(job('delayed'));
  await queue.complete(ids.delayed ?? '', await run('delayed'), { outcome: 'error' });
  await enqueue(job('running', { group }), job('waiting', { needs: ['running'] }));
  const bundles = createBundles({ commands });
  const room = { bytes: 9, files: 9, repositoryBytes: 9 };
  await bundles.open(ids.running ?? '', await run('running'), { bytes: 7, files: 1 }, room);
  await enqueue(job('blocked', { group }));
  const laned = await queue.enqueue({ ...toRequest([job('queued')]), lane: 'member' });
  ids.queued = laned.answer === 'full' ? '' : (laned.jobs[0] ?? '');
  await enqueue(job('awaiting', { awaits: 'awaits approval: production' }));
  await enqueue(job('queued-too'));
  expect(await queue.audit()).toEqual([]);
  return ids;
}

/** Everything that can run does, until nothing is left to do. */
async function drain(): Promise<void> {
  for (let i = 0; i < 50; i++) {
    for (const id of await commands.zrange(toKey('delayed'), '0', '-1'))
      await commands.zadd(toKey('delayed'), 0, id);
    await queue.tick();
    const agents = await commands.hgetall(toKey('agents'));
    for (const id of Object.values(agents)) {
      const fence = (await queue.job(id))?.job.fence ?? 0;
      await queue.complete(id, fence, { outcome: 'success' });
    }
    await queue.claim({ pool: 'default', agent: `drain-${i}`, tokenHash: 'b'.repeat(64) });
  }
}

type Damage = (ids: Record<string, string>) => Promise<unknown>;
const of = toKeyOf;
const damages: Record<string, Damage> = {
  'a count of a state': () => commands.hincrby(toKey('counts'), 'success', 3),
  'a count of a state that is lost': () => commands.del(toKey('counts')),
  'the unfinished jobs of a pool and a repository': () => commands.del(toKey('unfinished')),
  'a job that left ready': () => commands.del(of('ready', 'default')),
  'a stranger in ready': () => commands.zadd(of('ready', 'default'), 0, `0000000001${'f'.repeat(20)}`),
  'a job that runs, and is ready, too': ({ running = '' }) =>
    commands.zadd(of('ready', 'default'), 0, `0000000001${running}`),
  'tickets that are lost': () => commands.del(of('tickets', 'default')),
  'a ticket too many': ({ queued = '' }) => commands.xadd(of('tickets', 'default'), '*', 'job', queued),
  'a ticket in the wrong hash': ({ running = '' }) => commands.hset(of('job', running), 'ticket', '5-5'),
  'how many wait': () => commands.hincrby(of('fair', 'default:5'), repository, 7),
  'how many wait, forgotten': () => commands.del(of('fair', 'default:5')),
  'a repository that has none waiting': () => commands.hset(of('fair', 'default:5'), 'local/no/body', 1),
  'a pool that is not listed': () => commands.del(toKey('pools')),
  'a lease that is lost': () => commands.del(toKey('leases')),
  'a lease of a job that does not run': ({ queued = '' }) => commands.zadd(toKey('leases'), 9e15, queued),
  'a deadline that is lost': () => commands.del(toKey('deadlines')),
  'a deadline of nobody': () => commands.zadd(toKey('deadlines'), 9e15, 'f'.repeat(20)),
  'an agent that is forgotten': () => commands.del(toKey('agents')),
  'an agent of no job': () => commands.hset(toKey('agents'), 'ghost', 'f'.repeat(20)),
  'a running job without its agent': ({ running = '' }) => commands.hdel(of('job', running), 'agent'),
  'a running job without its token': ({ running = '' }) => commands.hdel(of('job', running), 'token'),
  'a delayed job that nothing wakes': () => commands.del(toKey('delayed')),
  'a delayed job that is over': ({ dead = '' }) => commands.zadd(toKey('delayed'), 0, dead),
  'a permit that is lost': () => commands.del(of('permits', 'deploy')),
  'a permit of nobody': () => commands.sadd(of('permits', 'deploy'), 'f'.repeat(20)),
  'a permit that is lost, and taken by the next': async ({ running = '' }) => {
    await commands.del(of('permits', 'deploy'));
    const claimed = await queue.enqueue(toRequest([job('rival', { group: { name: 'deploy', limit: 1 } })]));
    await queue.cancel(claimed.answer === 'full' ? '' : (claimed.jobs[0] ?? ''), 'ada');
    return running;
  },
  'a blocked job out of its line': () => commands.del(of('blocked', 'deploy')),
  'a stranger in the line': () => commands.zadd(of('blocked', 'deploy'), 99, 'f'.repeat(20)),
  'a job out of its lane': async ({ queued = '' }) =>
    commands.del(of('lane', (await commands.hget(of('job', queued), 'lane')) ?? '')),
  'a stranger in a lane': async ({ queued = '' }) =>
    commands.sadd(of('lane', (await commands.hget(of('job', queued), 'lane')) ?? ''), 'f'.repeat(20)),
  'a blocked job without a group': ({ blocked = '' }) => commands.hdel(of('job', blocked), 'group'),
  'a need that does not know who needs it': ({ running = '' }) => commands.del(of('dependents', running)),
  'a need that has ended': ({ waiting = '', stands = '' }) =>
    commands.hset(of('needs', waiting), stands, 'stands'),
  'a need that is gone': ({ waiting = '' }) => commands.hset(of('needs', waiting), 'f'.repeat(20), 'gone'),
  'needs that are forgotten': ({ waiting = '' }) => commands.del(of('needs', waiting)),
  'needs of a job that does not wait': ({ queued = '', running = '' }) =>
    commands.hset(of('needs', queued), running, 'running'),
  'a stranger who needs it': ({ running = '' }) => commands.sadd(of('dependents', running), 'f'.repeat(20)),
  'a finished job that history does not know': () => commands.del(toKey('done')),
  'a finished job that is not': ({ queued = '' }) => commands.zadd(toKey('done'), 1, queued),
  'a queued job with an end': ({ queued = '' }) => commands.hset(of('job', queued), 'finished', 1),
  'a finished job without its time': ({ failed = '' }) => commands.hdel(of('job', failed), 'finished'),
  'a dead letter that is lost': () => commands.del(toKey('dead')),
  'a dead letter that lives': ({ queued = '' }) => commands.zadd(toKey('dead'), 1, queued),
  'a log that nobody archives': () => commands.del(toKey('unarchived')),
  'a log to archive of a job that runs': ({ running = '' }) => commands.zadd(toKey('unarchived'), 1, running),
  'a log that is archived and is not': ({ failed = '' }) => commands.zadd(toKey('archived'), 1, failed),
  'an archived log of nobody': () => commands.zadd(toKey('archived'), 1, 'f'.repeat(20)),
  'how much the artifacts of a repository take': () => commands.hincrby(toKey('stored'), repository, 5),
  'how much they take, forgotten': () => commands.del(toKey('stored')),
  'artifacts of a repository that has none': () => commands.hset(toKey('stored'), 'local/no/body', 1),
  'artifacts that are kept for ever': () => commands.del(toKey('bundles')),
  'artifacts of nobody': () => commands.zadd(toKey('bundles'), 9e15, `${'f'.repeat(20)} 1`),
  'artifacts that nobody can read': ({ running = '' }) => commands.hset(of('bundle', running), 1, 'what'),
  'the index of a repository': () => commands.del(of('repo', repository)),
  'a stranger in the index of a repository': () => commands.zadd(of('repo', repository), 1, 'f'.repeat(20)),
  'a job out of its pipeline': async ({ queued = '' }) =>
    commands.hdel(of('pipeline', (await queue.job(queued))?.job.pipeline ?? ''), queued),
  'a stranger in a pipeline': async ({ queued = '' }) =>
    commands.hset(of('pipeline', (await queue.job(queued))?.job.pipeline ?? ''), 'f'.repeat(20), 9),
  'a job that no longer stands in the later run': async ({ stands = '' }) => {
    const [later = ''] = await commands.smembers(of('stands', stands));
    return commands.hdel(of('pipeline', later), stands);
  },
  'a job without its hash': ({ queued = '' }) => commands.del(of('job', queued)),
  'a running job without its hash': ({ running = '' }) => commands.del(of('job', running)),
  'a job without its spec': ({ blocked = '' }) => commands.del(of('spec', blocked)),
  'a status of no job': () => commands.hset(toKey('statuses'), 'f'.repeat(20), 'f'.repeat(20)),
  'a status that is not told': () => commands.del(of('outbox', 'gitea')),
  'a status that nobody wants told': () => commands.zadd(of('outbox', 'gitea'), 1, 'f'.repeat(20)),
};

test.each(Object.keys(damages))(
  '%s: the audit sees it, the repair mends it, and the work goes on',
  async (name) => {
    const ids = await setUp();
    await damages[name]?.(ids);
    expect(await queue.audit()).not.toEqual([]);
    expect(await queue.repair()).not.toEqual([]);
    expect(await queue.audit()).toEqual([]);
    expect(await queue.repair()).toEqual([]);
    await drain();
    expect(await queue.audit()).toEqual([]);
    const { jobs } = await queue.jobs({ limit: 100 });
    expect(jobs.filter(({ state }) => !isFinal(state)).map(({ state, awaits }) => [state, awaits])).toEqual([
      ['waiting', true],
    ]);
    // And no harm to what was over: that stays as it was.
    const over = await Promise.all(['stands', 'failed', 'dead'].map((each) => queue.job(ids[each] ?? '')));
    expect(over.map((each) => each?.job.state)).toEqual(['success', 'failure', 'dead']);
  },
);

test('of what is whole it mends nothing, and changes nothing', async () => {
  await setUp();
  // A pool that no agent is needed for yet, and a group whose limit was raised while it was full.
  await queue.enqueue(toRequest([toNewJob({ pool: 'big', awaits: 'awaits approval: production' })]));
  for (const limit of [1, 2]) await queue.enqueue(toRequest([toNewJob({ group: { name: 'pages', limit } })]));
  const dump = async () => {
    const keys = (await commands.keys('*')).sort();
    return Promise.all(keys.map(async (key) => [key, (await commands.dumpBuffer(key))?.toString('hex')]));
  };
  const before = await dump();
  expect(await queue.repair()).toEqual([]);
  expect(await dump()).toEqual(before);
});
