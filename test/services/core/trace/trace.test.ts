import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createExporter,
  createSampler,
  createTracer,
  parseTraceparent,
  toTraceparent,
} from '../../../../services/core/trace/index.ts';
import { openCollector } from '../../../support/collector.ts';
import { until } from '../../../support/until.ts';

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });

test('a traceparent is read as it was written', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
      fc.pre(!/^0+$/.test(traceId) && !/^0+$/.test(spanId));
      expect(parseTraceparent(toTraceparent({ traceId, spanId, sampled }))).toEqual({
        traceId,
        spanId,
        sampled,
      });
    }),
  );
});

const [a, b] = ['a'.repeat(32), 'b'.repeat(16)];
test.each([
  undefined,
  '',
  `00-${'0'.repeat(32)}-${b}-01`,
  `00-${a}-${'0'.repeat(16)}-01`,
  `ff-${a}-${b}-01`,
  `00-${a}-${b}-01-more`,
  `00-${a.toUpperCase()}-${b}-01`,
  `00-${a}-${b}`,
  `00-${a}-${b}-01\r\nx: y`,
])('%j is no traceparent, and begins a new trace', (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});

test('a later version of traceparent is read by the parts that are known', () => {
  expect(parseTraceparent(`cc-${a}-${b}-03-what-comes`)).toEqual({ traceId: a, spanId: b, sampled: true });
});

test('of a ratio about its share is kept, the same of a trace for everybody, and a parent decides where it may', () => {
  const tracer = createTracer(createSampler('traceidratio', 0.25));
  const ids = Array.from({ length: 4000 }, () => tracer.start('x').context);
  const kept = ids.filter(({ sampled }) => sampled);
  expect(Math.abs(kept.length / 4000 - 0.25)).toBeLessThan(0.05);
  const other = createSampler('parentbased_traceidratio', 0.25);
  for (const { traceId, sampled } of ids) expect(other(undefined, traceId)).toBe(sampled);
  const parent = { traceId: a, spanId: b, sampled: true };
  expect(createSampler('parentbased_always_off')(parent, a)).toBe(true);
  expect(createSampler('parentbased_always_on')({ ...parent, sampled: false }, a)).toBe(false);
  expect(createSampler('always_off')(parent, a)).toBe(false);
});

test('a collector gets each kept span once, in OTLP, under its parent', async () => {
  const collector = await openCollector();
  const exporter = createExporter({ endpoint: `${collector.endpoint}/`, service: 'test', intervalMs: 5 });
  const tracer = createTracer(createSampler('parentbased_always_on'), exporter.send);
  const root = tracer.start('root', {
    kind: 'server',
    attributes: { text: 'x'.repeat(999), n: 3, half: 0.5, no: undefined },
  });
  const child = tracer.start('child', { parent: root.context });
  child.fail();
  child.end();
  child.end();
  tracer.start('not kept', { parent: { ...root.context, sampled: false } }).end();
  root.end();
  await until(() => collector.spans.length === 2);
  expect(collector.spans).toMatchObject([
    { name: 'child', service: 'test', parentSpanId: root.context.spanId, failed: true },
    { name: 'root', parentSpanId: undefined, failed: false, attributes: { n: 3, half: 0.5 } },
  ]);
  expect(collector.spans[1]?.attributes.text).toHaveLength(300);
  await collector.close();
});

test('a collector that is away or silent costs no memory without end, and nobody waits for it', async () => {
  const away = createExporter({ endpoint: 'http://127.0.0.1:1', service: 'test', most: 10 });
  const tracer = createTracer(createSampler('always_on'), away.send);
  for (let i = 0; i < 25; i++) tracer.start('x').end();
  expect(away.dropped).toBe(15);
  await away.flush(2000);
  expect(away.dropped).toBe(25);

  const collector = await openCollector();
  collector.silence();
  const silent = createExporter({ endpoint: collector.endpoint, service: 'test' });
  createTracer(createSampler('always_on'), silent.send).start('x').end();
  await silent.flush(30);
  await until(() => silent.dropped === 1);
  await collector.close();
});
