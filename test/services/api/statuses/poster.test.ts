import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createPoster } from '../../../../services/api/statuses/poster.ts';
import type { JobSpec } from '../../../../services/core/job/index.ts';
import { toKey, toKeyOf } from '../../../../services/core/queue/keys.ts';
import { openTestApi, publicUrl, type TestApi } from '../../../support/api.ts';
import { type ForgeApi, openForgeApi } from '../../../support/forge-api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { until } from '../../../support/until.ts';

const repository = 'gitea/ada/engine';
const never = new AbortController().signal;
let forge: ForgeApi;
let api: TestApi;
beforeEach(async () => {
  [forge, api] = await Promise.all([openForgeApi(), openTestApi()]);
});
afterEach(async () => {
  await Promise.all([forge.close(), api.close()]);
});

/** One replica's. */
function toPoster(kind: 'gitea' | 'github' = 'gitea', token = forge.token) {
  const { outbox, metrics, log } = api.deps;
  const access = { forge: kind, origin: forge.origin, token };
  return createPoster({ access, outbox, publicUrl, metrics, log });
}
async function enqueue(given: Partial<JobSpec> = {}): Promise<string> {
  const spec = toSpec({ repository, ...given });
  const result = await api.queue.enqueue(toRequest([toNewJob({ spec })]));
  return result.answer === 'full' ? '' : (result.jobs[0] ?? '');
}
/** As if every pause were over. */
async function wakeUp() {
  await api.commands.del(toKey('quiet'));
  const key = toKeyOf('outbox', 'gitea');
  for (const id of await api.commands.zrange(key, '0', '-1')) await api.commands.zadd(key, 0, id);
}
const states = () => forge.posted.map(({ sha, state }) => `${sha.slice(0, 2)} ${state}`);
const toSha = (n: number) => n.toString(16).padStart(2, '0').repeat(20);

test('a commit shows what its job is, with the page that says more', async () => {
  const id = await enqueue();
  const post = toPoster();
  await post(never);
  const claim = await api.claim('one');
  await post(never);
  await api.queue.complete(id, claim.fence, { outcome: 'success' });
  await post(never);
  expect(forge.posted.map(({ state, description }) => [state, description.split(' in ')[0]])).toEqual([
    ['pending', 'Waits for an agent'],
    ['pending', 'Runs'],
    ['success', 'Passed'],
  ]);
  expect(forge.posted[0]).toMatchObject({ repository: 'ada/engine', target_url: `${publicUrl}/jobs/${id}` });
});

test('of 40 jobs that end while the forge is away each is told once it is back, in its last state only', async () => {
  const [first, second] = [toPoster(), toPoster()];
  forge.setFault((_request, response) => {
    response.destroy();
    return true;
  });
  const ids: string[] = [];
  for (let n = 0; n < 40; n++) {
    ids.push(await enqueue({ sha: toSha(n) }));
    if (n % 10 === 0) await Promise.all([first(never), second(never)]);
  }
  for (const id of ids) await api.queue.cancel(id, 'ada');
  await wakeUp();
  await Promise.all([first(never), second(never)]);
  // Two tries a round at most: an outage does not try what it cannot tell.
  expect(forge.asked.length).toBeLessThan(20);
  forge.setFault(undefined);
  await until(async () => {
    await wakeUp();
    await Promise.all([first(never), second(never)]);
    return (await api.commands.hlen(toKey('statuses'))) === 0;
  });
  expect(states().sort()).toEqual(ids.map((_, n) => `${toSha(n).slice(0, 2)} error`));
  expect(await api.queue.audit()).toEqual([]);
});

test('a state that comes while the one before is under way is told after it', async () => {
  const id = await enqueue();
  let slow: (() => void) | undefined;
  forge.setFault((_request, response) => {
    slow = () => response.writeHead(201).end('{}');
    return true;
  });
  const posting = toPoster()(never);
  await until(() => slow);
  await api.queue.cancel(id, 'ada');
  // The other replica leaves it alone.
  await toPoster()(never);
  expect(forge.asked).toHaveLength(1);
  forge.setFault(undefined);
  slow?.();
  await posting;
  expect(states()).toEqual(['11 error']);
});

test('a commit that the forge does not know is given up after 5 tries, with a metric and a record', async () => {
  const id = await enqueue();
  forge.setFault((_request, response) => {
    response.writeHead(404).end('{"message":"Not Found"}');
    return true;
  });
  const post = toPoster();
  for (let i = 0; i < 9; i++) {
    await wakeUp();
    await post(never);
  }
  expect(forge.asked).toHaveLength(5);
  const answer = await (await api.admin('/api/v1/statuses')).json();
  expect(answer).toMatchObject({
    forges: [{ forge: 'local' }, { forge: 'gitea', waiting: 0 }, { forge: 'github' }],
    untold: [{ job: id, repository, context: 'bellows', tries: 5, why: '404 Not Found' }],
  });
  const { tokens, ask } = api;
  const metrics = await (await ask('/metrics', { token: tokens.metrics })).text();
  expect(metrics).toContain('bellows_statuses_total{forge="gitea",outcome="refused"} 1');
  expect(metrics).toContain('bellows_outbox_statuses{forge="gitea"} 0');
});

test('a wrong token pauses its forge for all replicas, loses nothing, and is over when the token is right', async () => {
  await enqueue({ sha: toSha(1) });
  await enqueue({ sha: toSha(2) });
  await toPoster('gitea', 'wrong')(never);
  expect(forge.asked).toHaveLength(1);
  await wakeUp();
  await toPoster()(never);
  expect(states().sort()).toEqual(['01 pending', '02 pending']);
});

test('Retry-After holds for every replica, and for that forge only', async () => {
  await enqueue({ repository: 'github/ada/engine' });
  await enqueue();
  forge.setFault((request, response) => {
    if (request.url?.startsWith('/api/v1') === true) return false;
    response.writeHead(403, { 'retry-after': '60' }).end('{}');
    return true;
  });
  await toPoster('github')(never);
  await toPoster('github')(never);
  await toPoster('gitea')(never);
  expect(forge.asked).toHaveLength(2);
  expect(states()).toEqual(['11 pending']);
});
