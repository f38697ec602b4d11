import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Claim } from '../../../services/core/job/index.ts';
import { openFolderStore } from '../../../services/core/store/index.ts';
import { openAgentBench } from '../../support/agent.ts';
import { openTestApi, type TestApi } from '../../support/api.ts';
import { toNewJob, toRequest } from '../../support/job.ts';

/**
 * What agents of each version said, and what they were answered, from claim to end: one file a version, never
 * changed again. An agent that was started before its api was replaced speaks as it always did.
 */
const folder = join(import.meta.dirname, 'agent-protocol');
const exchangeSchema = z.object({
  method: z.string(),
  /** `<job>` stands for the job's id. */
  path: z.string(),
  /** JSON, or text that is sent as bytes. */
  body: z.unknown(),
  status: z.int(),
  answer: z.unknown(),
});
type Exchange = z.infer<typeof exchangeSchema>;
const versions = readdirSync(folder).sort();
const read = (file: string) =>
  z.array(exchangeSchema).parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));

let api: TestApi;
let kept: string;
beforeAll(async () => {
  kept = mkdtempSync(join(tmpdir(), 'bellows-test-protocol-'));
  api = await openTestApi({ store: await openFolderStore(kept) });
});
afterAll(async () => {
  await api.close();
  rmSync(kept, { recursive: true });
});

test.each(versions)('an agent that speaks as in %s does its job with the api of today', async (file) => {
  // The other workflows that the version before has told of.
  for (const { id } of (await api.queue.jobs({ limit: 100 })).jobs) await api.queue.cancel(id, 'test');
  const result = await api.queue.enqueue(toRequest([toNewJob()]));
  const id = result.answer === 'full' ? '' : (result.jobs[0] ?? '');
  let token = await api.deps.claimTokens.issue('default');
  for (const { method, path, body, status, answer } of read(file)) {
    const text = typeof body === 'string';
    const type = text ? 'application/octet-stream' : 'application/json';
    const response = await api.ask(path.replace('<job>', id), {
      method,
      token,
      ...(body === null
        ? {}
        : { body: text ? body : JSON.stringify(body), headers: { 'content-type': type } }),
    });
    const now: unknown = response.status === 204 ? null : await response.json();
    expect([path, response.status]).toEqual([path, status]);
    expect([path, toShape(now)]).toEqual([path, expectAtLeast(toShape(answer))]);
    if (path.endsWith('/claim')) token = (now as Claim).token;
  }
  expect((await api.queue.job(id))?.job.state).toBe('success');
});

test("today's agent says nothing that the newest recording does not have", async () => {
  const bench = await openAgentBench();
  const said: Exchange[] = [];
  try {
    const text = 'steps: [{name: test, commands: echo tested}]';
    await bench.enqueue({ '.woodpecker/a.yml': text, '.woodpecker/b.yml': text });
    bench.setFault((request, response) => {
      const parts: Buffer[] = [];
      // Only looked at: a listener of its own would take the first bytes from the api.
      const emit = request.emit.bind(request);
      request.emit = (event: string, ...given: unknown[]) => {
        if (event === 'data' && Buffer.isBuffer(given[0])) parts.push(given[0]);
        return emit(event, ...given);
      };
      response.on('finish', () => said.push(toExchange(request.method, request.url, Buffer.concat(parts))));
      return false;
    });
    expect(await bench.agent()).toBe(0);
  } finally {
    await bench.close();
  }
  const known = new Set(read(versions.at(-1) ?? '').map(toSignature));
  const unknown = said.map(toSignature).filter((signature) => !known.has(signature));
  // A new kind of request, or a new field: record it as a new version, and leave the older ones.
  expect(unknown).toEqual([]);
  expect(said.length).toBeGreaterThan(4);
});

function toExchange(method = '', url = '', bytes: Buffer): Exchange {
  const path = url.replace(/[0-9a-f]{20}/, '<job>');
  const body: unknown =
    bytes.length === 0 ? null : path.includes('/log/') ? bytes.toString() : JSON.parse(bytes.toString());
  return { method, path, body, status: 0, answer: null };
}

/** The kind of a request: its route, and the names in its body. */
function toSignature({ method, path, body }: Exchange): string {
  const route = path.replace(/\d+(?=\?|$)/, '<n>').replace(/=[^&]*/g, '=');
  const names = typeof body === 'object' && body !== null ? Object.keys(body).sort().join(' ') : '';
  return `${method} ${route} ${names}`;
}

/** Names and types, not values. */
function toShape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toShape);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toShape(each)]));
}

/** More fields than then are no harm: an older agent leaves out what it does not know. */
function expectAtLeast(shape: unknown): unknown {
  if (Array.isArray(shape) || typeof shape !== 'object' || shape === null) return shape;
  const fields = Object.entries(shape).map(([name, each]) => [name, expectAtLeast(each)]);
  return expect.objectContaining(Object.fromEntries(fields));
}
