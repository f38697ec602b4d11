import fc from 'fast-check';
import type { FuzzBench, Route, Sent } from './bench.ts';
import { brokenTexts, damage, hostileText, type Schema, toValid, type Vocabulary } from './values.ts';

interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema } | undefined> };
}

/** What streams take beside their address; they are no part of the OpenAPI document. */
const ofStreams: NonNullable<Operation['parameters']> = [
  { name: 'from', in: 'query', schema: { type: 'string' } },
  { name: 'last-event-id', in: 'header', schema: { type: 'string' } },
  { name: 'code', in: 'query', schema: { type: 'string' } },
];

type Values = Record<string, unknown>;

/** Requests to a route, made from what it says that it takes: good ones, and ones with one thing wrong. */
export function toRequests(bench: FuzzBench, route: Route, vocabulary: Vocabulary): fc.Arbitrary<Sent> {
  const { parameters = ofStreams, requestBody } = readOperation(bench, route);
  const toValues = (place: string) => {
    const here = parameters.filter((one) => one.in === place);
    return fc.record(
      Object.fromEntries(here.map(({ name, schema }) => [name, toValid(schema, vocabulary)])),
      { requiredKeys: here.filter((one) => one.required === true).map(({ name }) => name) },
    );
  };
  const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const schema = type === 'application/octet-stream' ? undefined : media?.schema;
  const good = fc.record({
    path: toPath(route, vocabulary),
    query: toValues('query'),
    headers: toValues('header'),
    body:
      schema === undefined
        ? fc.constant(type === undefined ? undefined : new Uint8Array(100))
        : toValid(schema, vocabulary),
  });
  const toSent = createSent(route, type);
  return good.chain((given) =>
    fc.oneof(
      { weight: 2, arbitrary: fc.constant(toSent(given)) },
      { weight: 2, arbitrary: toHostilePath(route).map((path) => toSent({ ...given, path })) },
      {
        weight: 2,
        arbitrary: damage(given.query).map((query) => toSent({ ...given, query: toRecord(query) })),
      },
      {
        weight: schema === undefined ? 0 : 6,
        arbitrary: damage(given.body).map((body) => toSent({ ...given, body })),
      },
      {
        weight: requestBody === undefined ? 0 : 2,
        arbitrary: fc.constantFrom(...brokenTexts).map((text) => toSent(given, text)),
      },
    ),
  );
}

function readOperation({ api }: FuzzBench, { method, path }: Route): Operation {
  const document = api.app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'x', version: '1' } });
  const address = path.replace(/:(\w+)/g, '{$1}');
  const methods = document.paths?.[address] as Record<string, Operation> | undefined;
  return methods?.[method.toLowerCase()] ?? {};
}

function toPath({ path }: Route, { words }: Vocabulary): fc.Arbitrary<string> {
  const single = words.filter((word) => !word.includes('/'));
  const parts = path.split('/').map((part) => {
    if (!part.startsWith(':')) return fc.constant(part);
    // Mostly what exists, for what does not is known to be 404.
    return fc.oneof({ weight: 4, arbitrary: fc.constant(part) }, fc.constantFrom(...single));
  });
  return fc.tuple(...parts).map((given) => given.join('/'));
}

function toHostilePath({ path }: Route): fc.Arbitrary<string> {
  const strange = [...hostileText.map(encodeURIComponentOfAny), '%', '%00', '%ff', '..%2f..', '%2e%2e', 'é'];
  return fc.constantFrom(...strange).map((text) => path.replace(/:\w+/g, text));
}

/** A lone surrogate has no encoding. */
function encodeURIComponentOfAny(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

interface Given {
  path: string;
  query: Values;
  headers: Values;
  body: unknown;
}

function createSent({ method }: Route, type: string | undefined) {
  return ({ path, query, headers, body }: Given, text?: string | Uint8Array): Sent => {
    const given = toForm(query);
    const sent = text ?? toBody(type, body);
    return {
      path: given.size === 0 ? path : `${path}?${given}`,
      init: {
        method,
        headers: {
          ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, toHeader(value)])),
          ...(type === undefined ? {} : { 'content-type': type }),
        },
        ...(sent === undefined || method === 'GET' ? {} : { body: Buffer.from(sent as string) }),
      },
    };
  };
}

function toBody(type: string | undefined, body: unknown): string | Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array) return body;
  return type?.endsWith('json') === true ? JSON.stringify(body) : toForm(toRecord(body)).toString();
}

function toForm(values: Values): URLSearchParams {
  return new URLSearchParams(
    Object.entries(values).map(([name, value]): [string, string] => [name, toText(value)]),
  );
}

function toText(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, 8000);
}

/** Only what HTTP can carry reaches us at all. */
function toHeader(value: unknown): string {
  return toText(value).replace(/[^\x20-\x7e]/g, '?');
}

function toRecord(value: unknown): Values {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
