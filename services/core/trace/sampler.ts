import type { TraceContext } from './context.ts';

/** `OTEL_TRACES_SAMPLER`, of the OpenTelemetry specification. */
export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Whether a new span's trace is kept. */
export type Sampler = (parent: TraceContext | undefined, traceId: string) => boolean;

/** @param ratio 0 to 1, for those that end in `traceidratio` */
export function createSampler(name: (typeof samplers)[number], ratio = 1): Sampler {
  const root = toRoot(name.replace('parentbased_', ''), ratio);
  return name.startsWith('parentbased_')
    ? (parent, traceId) => parent?.sampled ?? root(traceId)
    : (_parent, traceId) => root(traceId);
}

function toRoot(name: string, ratio: number): (traceId: string) => boolean {
  if (name === 'always_on') return () => true;
  if (name === 'always_off') return () => false;
  // By the id's last seven bytes, which are random: every program decides the same of one trace.
  return (traceId) => Number.parseInt(traceId.slice(-14), 16) < ratio * 2 ** 56;
}
