import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createExporter,
  createSampler,
  createTracer,
  type Exporter,
} from '../../../services/core/trace/index.ts';
import { openTestApi, repository, type TestApi } from '../../support/api.ts';
import { openCollector } from '../../support/collector.ts';
import { until } from '../../support/until.ts';

let collector: Awaited<ReturnType<typeof openCollector>>;
let exporter: Exporter;
let api: TestApi;
beforeEach(async () => {
  collector = await openCollector();
  exporter = createExporter({ endpoint: collector.endpoint, service: 'bellows-api', intervalMs: 5 });
  api = await openTestApi({ tracer: createTracer(createSampler('parentbased_always_on'), exporter.send) });
  await api.deps.repositories.put(repository);
});
afterEach(async () => {
  await api.close();
  await collector.close();
});

const sha = 'a'.repeat(40);
const push = JSON.stringify({
  ref: 'refs/heads/main',
  before: '0'.repeat(40),
  after: sha,
  head_commit: { id: sha, message: 'Turn the crank' },
  repository: {
    id: 1,
    full_name: repository.name,
    default_branch: 'main',
    updated_at: '2026-05-30T14:02:09Z',
  },
});
const incoming = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
const spanOf = (name: string) => until(() => collector.spans.find((span) => span.name === name));
const specOf = async (id: string) => (await api.queue.job(id))?.job.spec;

test('one trace holds a push from its webhook to its claim, and the job carries it', async () => {
  const { jobs } = (await (await api.hook(push)).json()) as { jobs: string[] };
  const claim = await api.claim('one');
  const [webhook, enqueue, wait, claimed] = await Promise.all(
    ['webhook', 'enqueue', 'wait', 'claim'].map(spanOf),
  );
  expect(claim.spec.traceparent).toBe(`00-${webhook?.traceId}-${webhook?.spanId}-01`);
  expect((await specOf(jobs[0] ?? ''))?.traceparent).toBe(claim.spec.traceparent);
  expect(webhook?.parentSpanId).toBeUndefined();
  for (const span of [enqueue, wait, claimed])
    expect(span).toMatchObject({ traceId: webhook?.traceId, parentSpanId: webhook?.spanId });
  expect(claimed?.attributes).toEqual({
    'bellows.job': claim.job,
    'bellows.repository': repository.id,
    'bellows.event': 'push',
    'bellows.attempt': 1,
  });
});

test('a trace is gone on with for who has shown who it is, and for nobody else', async () => {
  await api.hook(push, 'push', { traceparent: incoming });
  expect(await spanOf('webhook')).toMatchObject({ traceId: '1'.repeat(32), parentSpanId: '2'.repeat(16) });
  await api.hook(push, 'push', { traceparent: incoming, 'x-gitea-signature': 'f'.repeat(64) });
  const response = await api.admin('/api/v1/jobs', {
    method: 'POST',
    headers: { traceparent: incoming },
    json: { repository: repository.id, sha },
  });
  const { jobs } = (await response.json()) as { jobs: string[] };
  expect((await specOf(jobs[0] ?? ''))?.traceparent).toMatch(/^00-1{32}-/);
  expect(await spanOf('trigger')).toMatchObject({ traceId: '1'.repeat(32) });
  expect(collector.spans.filter(({ name }) => name === 'webhook')).toHaveLength(1);
});

test('no token, secret or signature is in what is sent', async () => {
  await api.hook(push);
  const claim = await api.claim('one');
  await spanOf('claim');
  await spanOf('wait');
  const sent = collector.bodies.join('\n');
  for (const secret of [claim.token, ...Object.values(api.tokens)]) expect(sent).not.toContain(secret);
});
