import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openTestApi, repository, type TestApi } from '../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../support/job.ts';

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi();
  await api.deps.repositories.put(repository);
});
afterEach(() => api.close());

const scrape = async () => (await api.ask('/metrics', { token: api.tokens.metrics })).text();
const page = readFileSync(join(import.meta.dirname, '../../../docs/operations/metrics.md'), 'utf8');

test('the page lists every metric of ours that is served, with its kind, and no other', async () => {
  const served = [...(await scrape()).matchAll(/^# TYPE (bellows_\w+) (\w+)$/gm)].map(
    ([, name, kind]) => `${name} ${kind}`,
  );
  const told = [...page.matchAll(/^\| `(bellows_\w+)(?:\{[^}]*\})?` \| (\w+) \|/gm)].map(
    ([, name, kind]) => `${name} ${kind}`,
  );
  expect(told.sort()).toEqual(served.sort());
});

test('a job that waited, ran and ended is in the figures of its pool and repository', async () => {
  await api.measures.fold();
  const job = toNewJob({ spec: toSpec({ repository: repository.id }) });
  await api.queue.enqueue(toRequest([job]));
  expect(await scrape()).toContain('bellows_queue_depth{pool="default"} 1');
  const claim = await api.claim('one');
  const path = `/api/v1/agent/jobs/${claim.job}/heartbeat?wait=0`;
  expect((await api.ask(path, { method: 'POST', token: claim.token })).status).toBe(200);
  await api.queue.complete(claim.job, claim.fence, { outcome: 'success' });
  await api.measures.fold();
  const text = await scrape();
  for (const line of [
    `bellows_jobs_finished_total{repository="${repository.id}",outcome="success"} 1`,
    `bellows_job_run_seconds_bucket{repository="${repository.id}",le="600"} 1`,
    `bellows_job_run_seconds_bucket{repository="${repository.id}",le="+Inf"} 1`,
    `bellows_job_run_seconds_count{repository="${repository.id}"} 1`,
    'bellows_job_wait_seconds_count{pool="default"} 1',
    'bellows_queue_depth{pool="default"} 0',
    'bellows_heartbeats_total{answer="ok"} 1',
    'bellows_heartbeats_held 0',
    'bellows_claim_seconds_count 1',
    'bellows_redis_up 1',
    'bellows_redis_aof_ok 1',
  ])
    expect(text).toContain(`${line}\n`);
});

test('each line is one that Prometheus reads', async () => {
  // prom-client writes a mean of nothing as Nan; Go's ParseFloat, which reads it, heeds no case.
  for (const line of (await scrape()).split('\n').filter((each) => each !== ''))
    expect(line).toMatch(
      /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? [-+.\deINFNan]+)$/,
    );
});

test('without Redis the figures of this process are served all the same', async () => {
  await api.redis.kill();
  const text = await scrape();
  expect(text).toContain('bellows_redis_up 0');
  expect(text).toContain('bellows_heartbeats_held 0');
});
