import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type AgentBench, openAgentBench } from '../../support/agent.ts';
import { openCollector } from '../../support/collector.ts';

let bench: AgentBench;
let collector: Awaited<ReturnType<typeof openCollector>>;
beforeEach(async () => {
  [bench, collector] = await Promise.all([openAgentBench(), openCollector()]);
});
afterEach(async () => {
  await Promise.all([bench.close(), collector.close()]);
});

const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`;
const pipeline = (...steps: string[]) => ({
  '.bellows.yaml': `steps:\n${steps.map((step) => `  - ${step}\n`).join('')}`,
});
const step = (name: string, commands: string) => `{name: ${name}, commands: ${JSON.stringify(commands)}}`;
const agent = () => bench.agent({}, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });

test("a job's spans are under the push's, and a step goes on with the trace from its own", async () => {
  const files = pipeline(step('build', 'echo "trace $TRACEPARENT"'), step('test', 'exit 3'));
  const id = await bench.enqueue(files, { traceparent });
  expect(await agent()).toBe(0);
  const { spans } = collector;
  expect(spans.map(({ name, failed }) => `${name}${failed ? ' failed' : ''}`).sort()).toEqual([
    'clone',
    'complete',
    'job failed',
    'step build',
    'step test failed',
  ]);
  const job = spans.find(({ name }) => name === 'job');
  expect(job).toMatchObject({ parentSpanId: '2'.repeat(16), attributes: { 'bellows.outcome': 'failure' } });
  for (const span of spans.filter((each) => each !== job))
    expect(span).toMatchObject({
      traceId: '1'.repeat(32),
      parentSpanId: job?.spanId,
      service: 'bellows-agent',
    });
  const build = spans.find(({ name }) => name === 'step build');
  expect(await bench.log(id)).toContain(`trace 00-${'1'.repeat(32)}-${build?.spanId}-01`);
});

test('where nobody collects a step still has the trace of its push', async () => {
  const id = await bench.enqueue(pipeline(step('build', 'echo "trace $TRACEPARENT"')), { traceparent });
  expect(await bench.agent()).toBe(0);
  expect(await bench.log(id)).toContain(`trace ${traceparent}`);
});

test('a trace that nobody keeps is not sent, and a collector that is silent holds an agent for 2 s at most', async () => {
  await bench.enqueue(pipeline(step('build', 'true')), { traceparent: traceparent.replace(/1$/, '0') });
  expect(await agent()).toBe(0);
  expect(collector.bodies).toEqual([]);
  collector.silence();
  const id = await bench.enqueue(pipeline(step('build', 'true')), { traceparent });
  expect(await agent()).toBe(0);
  expect((await bench.job(id)).state).toBe('success');
});
