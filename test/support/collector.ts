import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';

const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ doubleValue: z.number() }),
  z.strictObject({ boolValue: z.boolean() }),
]);
const attribute = z.strictObject({ key: z.string().min(1), value });
const nano = z.string().regex(/^\d{19}$/);

/** `ExportTraceServiceRequest` in JSON, of opentelemetry-proto: names in camel case, ids in hex, 64 bits as text. */
const tracesSchema = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource: z.strictObject({ attributes: z.array(attribute) }),
      scopeSpans: z.array(
        z.strictObject({
          scope: z.strictObject({ name: z.string() }),
          spans: z.array(
            z.strictObject({
              traceId: z.string().regex(/^[0-9a-f]{32}$/),
              spanId: z.string().regex(/^[0-9a-f]{16}$/),
              parentSpanId: z
                .string()
                .regex(/^[0-9a-f]{16}$/)
                .optional(),
              flags: z.int(),
              name: z.string().min(1),
              kind: z.int().min(1).max(5),
              startTimeUnixNano: nano,
              endTimeUnixNano: nano,
              attributes: z.array(attribute),
              status: z.strictObject({ code: z.int().min(0).max(2).optional() }),
            }),
          ),
        }),
      ),
    }),
  ),
});

export interface CollectedSpan {
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  failed: boolean;
  attributes: Record<string, string | number | boolean>;
}

/** An OpenTelemetry collector's HTTP receiver: what is not OTLP is refused, as it would be. */
export async function openCollector() {
  const spans: CollectedSpan[] = [];
  const bodies: string[] = [];
  let silent = false;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (silent) return;
    const text = Buffer.concat(parts).toString();
    bodies.push(text);
    const isTraces = request.method === 'POST' && request.url === '/v1/traces';
    const parsed = tracesSchema.safeParse(JSON.parse(text));
    if (!isTraces || !parsed.success) return void response.writeHead(400).end();
    for (const { resource, scopeSpans } of parsed.data.resourceSpans) {
      const service = String(toAttributes(resource.attributes)['service.name']);
      for (const { traceId, spanId, parentSpanId, name, status, attributes } of scopeSpans.flatMap(
        (s) => s.spans,
      ))
        spans.push({
          service,
          name,
          traceId,
          spanId,
          parentSpanId,
          failed: status.code === 2,
          attributes: toAttributes(attributes),
        });
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    bodies,
    /** Takes what comes and answers nothing. */
    silence: () => {
      silent = true;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function toAttributes(attributes: z.infer<typeof attribute>[]): CollectedSpan['attributes'] {
  return Object.fromEntries(
    attributes.map(({ key, value: given }) => {
      const [kind, plain] = Object.entries(given)[0] ?? [];
      return [key, kind === 'intValue' ? Number(plain) : (plain ?? '')];
    }),
  );
}
