import { randomUUID } from 'node:crypto';

/** Which trace, which span of it, and whether anybody keeps it (W3C Trace Context). */
export interface TraceContext {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  sampled: boolean;
}

/**
 * `traceparent` as a caller sent it; undefined where it is none, so that a new trace begins (W3C Trace Context, 3.2).
 * What a later version adds behind the flags is not read.
 */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.{0,200})?$/.exec(text ?? '');
  const [, version, traceId = '', spanId = '', flags = '', more] = match ?? [];
  if (match === null || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function toTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/**
 * As UUIDs, which Node draws from a stock: asking the system for each took 15 µs of every webhook. The six bits
 * that a UUID does not draw stand where no sampler looks (W3C Trace Context 2: the right-most 7 bytes are random).
 */
export function createTraceId(): string {
  return randomUUID().replaceAll('-', '');
}

export function createSpanId(): string {
  return createTraceId().slice(16);
}
