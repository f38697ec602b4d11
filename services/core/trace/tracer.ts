import { createSpanId, createTraceId, type TraceContext, toTraceparent } from './context.ts';
import type { Sampler } from './sampler.ts';

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** One that has ended, as it is sent. */
export interface FinishedSpan {
  context: TraceContext;
  parentId: string | undefined;
  name: string;
  kind: SpanKind;
  /** Milliseconds since 1970. */
  startMs: number;
  endMs: number;
  attributes: Attributes;
  failed: boolean;
}

export type SpanKind = 'internal' | 'server' | 'client';

export interface Span {
  /** What whoever goes on with the trace is given. */
  readonly traceparent: string;
  readonly context: TraceContext;
  set(attributes: Attributes): void;
  fail(): void;
  /** Once; later calls change nothing. */
  end(atMs?: number): void;
}

export interface SpanOptions {
  parent?: TraceContext | undefined;
  kind?: SpanKind;
  /** Each is chosen, and bounded: never a header, a body, an environment or the message of an error. */
  attributes?: Attributes;
  /** @default now */
  startMs?: number;
}

export interface Tracer {
  start(name: string, options?: SpanOptions): Span;
  /** True where spans are sent at all. */
  readonly sends: boolean;
}

/** @param send takes what has ended and is kept; without it, a span is its ids and nothing else */
export function createTracer(sample: Sampler, send?: (span: FinishedSpan) => void): Tracer {
  return {
    sends: send !== undefined,
    start: (name, { parent, kind = 'internal', attributes = {}, startMs = Date.now() } = {}) => {
      const traceId = parent?.traceId ?? createTraceId();
      const context = { traceId, spanId: createSpanId(), sampled: sample(parent, traceId) };
      let all = attributes;
      let failed = false;
      let ended = false;
      return {
        context,
        traceparent: toTraceparent(context),
        set: (more) => {
          all = { ...all, ...more };
        },
        fail: () => {
          failed = true;
        },
        end: (endMs = Date.now()) => {
          if (ended) return;
          ended = true;
          const span = {
            context,
            parentId: parent?.spanId,
            name,
            kind,
            startMs,
            endMs,
            attributes: all,
            failed,
          };
          if (context.sampled) send?.(span);
        },
      };
    },
  };
}
