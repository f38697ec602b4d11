import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { FinishedSpan } from './tracer.ts';

export interface ExporterOptions {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`; traces go to `/v1/traces` below it. */
  endpoint: string;
  /** `service.name` */
  service: string;
  version?: string;
  /** How long spans wait for company, milliseconds. @default 1000 */
  intervalMs?: number;
  /** Spans that wait at most; more are dropped. @default 2048 */
  most?: number;
  /** For one answer of the collector. @default 5000 */
  timeoutMs?: number;
}

export interface Exporter {
  /** Never waits, never throws. */
  send(span: FinishedSpan): void;
  /** Resolves when all has left, or after `withinMs`. */
  flush(withinMs: number): Promise<void>;
  /** What was not sent so far: no room, or no collector. */
  readonly dropped: number;
}

const batch = 512;

/**
 * OTLP over HTTP in JSON (opentelemetry.io/docs/specs/otlp), one request at a time. What a collector does not take
 * is dropped: a trace is worth less than whatever would wait for it.
 */
export function createExporter(options: ExporterOptions): Exporter {
  const { endpoint, service, version, intervalMs = 1000, most = 2048, timeoutMs = 5000 } = options;
  const url = new URL(`${endpoint.replace(/\/+$/, '')}/v1/traces`);
  let waiting: FinishedSpan[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  const sendAll = async (signal?: AbortSignal) => {
    while (waiting.length > 0 && signal?.aborted !== true) {
      const spans = waiting.slice(0, batch);
      waiting = waiting.slice(batch);
      const body = JSON.stringify(toTraces(spans, service, version));
      const sent = await post(
        url,
        body,
        AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
      );
      if (!sent) dropped += spans.length;
    }
  };
  const start = (signal?: AbortSignal) => {
    clearTimeout(timer);
    timer = undefined;
    sending = (sending ?? Promise.resolve()).then(() => sendAll(signal));
    return sending;
  };

  return {
    send: (span) => {
      if (waiting.length >= most) {
        dropped += 1;
        return;
      }
      waiting.push(span);
      timer ??= setTimeout(() => void start(), intervalMs).unref();
    },
    flush: async (withinMs) => {
      const signal = AbortSignal.timeout(withinMs);
      const { promise: late, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve(), { once: true });
      await Promise.race([start(signal), late]);
    },
    get dropped() {
      return dropped;
    },
  };
}

function post(url: URL, body: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
    const request = send(url, { method: 'POST', agent: false, signal, headers });
    request.on('response', (response) => {
      // What it says of single spans helps nobody here.
      response.resume().on('error', () => resolve(false));
      response.on('close', () => resolve((response.statusCode ?? 0) < 300));
    });
    request.on('error', () => resolve(false));
    request.end(body);
  });
}

const kinds = { internal: 1, server: 2, client: 3 };

function toTraces(spans: readonly FinishedSpan[], service: string, version: string | undefined) {
  const resource = { attributes: toAttributes({ 'service.name': service, 'service.version': version }) };
  return {
    resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'bellows' }, spans: spans.map(toSpan) }] }],
  };
}

function toSpan({ context, parentId, name, kind, startMs, endMs, attributes, failed }: FinishedSpan) {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parentId === undefined ? {} : { parentSpanId: parentId }),
    flags: 1,
    name: name.slice(0, 200).toWellFormed(),
    kind: kinds[kind],
    startTimeUnixNano: toNano(startMs),
    endTimeUnixNano: toNano(Math.max(startMs, endMs)),
    attributes: toAttributes(attributes),
    status: failed ? { code: 2 } : {},
  };
}

/** A number of nanoseconds since 1970 needs more digits than JSON's numbers are read with. */
function toNano(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}

function toAttributes(attributes: FinishedSpan['attributes']) {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: toValue(value) }],
  );
}

function toValue(value: string | number | boolean) {
  if (typeof value === 'string') return { stringValue: value.slice(0, 300).toWellFormed() };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
