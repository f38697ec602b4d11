import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bech32 } from '@scure/base';
import { identityToRecipient } from 'age-encryption';
import { toAgeIdentity } from '../../../charts/secrets/program/age-identity.ts';
import { generatedKeys, generateSecrets, type Plan } from '../../../charts/secrets/program/generate.ts';
import { openSecretsApi } from '../../../charts/secrets/program/kubernetes.ts';

const plan: Plan = {
  platform: { namespace: 'ci', name: 'bellows' },
  keda: { namespace: 'ci-agents', name: 'redis-keda' },
  receiver: { namespace: 'flux-system', name: 'flux-receiver' },
  rules: { api: '~ci:* +@all', keda: '%R~ci:{q}:tickets:* +xlen', probe: '+ping' },
};

/** The API server's own rules for Secrets, as far as they matter: versions, conflicts, merge patches. */
let stored: Map<string, { version: number; data: Record<string, string> }>;
/** Requests after which the connection breaks, the answer unsent: a crash of the Job at the worst moment. */
let failAfter: number;
/** Called before each write, as somebody else who is faster. */
let meanwhile: (key: string) => void;
let server: Server;
let url: string;

beforeEach(async () => {
  stored = new Map();
  failAfter = Number.POSITIVE_INFINITY;
  meanwhile = () => undefined;
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
    const [, namespace, name] =
      request.url?.match(/^\/api\/v1\/namespaces\/([a-z-]+)\/secrets(?:\/([a-z-]+))?$/) ?? [];
    const answer = (status: number, value: object = {}) => {
      failAfter -= 1;
      if (failAfter < 0) return response.destroy();
      return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (request.headers.authorization !== 'Bearer service-account') return answer(401);
    const key = `${namespace}/${name ?? body.metadata.name}`;
    if (request.method !== 'GET') meanwhile(key);
    const found = stored.get(key);
    if (request.method === 'GET') {
      return found === undefined
        ? answer(404)
        : answer(200, { metadata: { resourceVersion: String(found.version) }, data: found.data });
    }
    if (request.method === 'POST') {
      if (found !== undefined) return answer(409);
      stored.set(key, { version: 1, data: body.data });
      return answer(201);
    }
    if (found === undefined) return answer(404);
    if (body.metadata.resourceVersion !== String(found.version)) return answer(409);
    stored.set(key, { version: found.version + 1, data: { ...found.data, ...body.data } });
    return answer(200);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

let made = 0;
const random = { text: () => `random-${++made}`, identity: () => toAgeIdentity(randomBytes(32)) };
const generate = () => generateSecrets(openSecretsApi(url, 'service-account'), plan, random);

function values(key: string): Record<string, string> {
  const entries = Object.entries(stored.get(key)?.data ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]));
}

test('everything is made once: another run changes nothing', async () => {
  await generate();
  const platform = values('ci/bellows');
  expect(Object.keys(platform).sort()).toEqual([...generatedKeys, 'users.acl'].sort());
  expect(new Set(Object.values(platform)).size).toBe(generatedKeys.length + 1);
  expect(values('ci-agents/redis-keda')).toMatchObject({ username: 'keda' });
  expect(values('flux-system/flux-receiver')).toEqual({ token: platform['flux-receiver-token'] });
  await generate();
  expect(values('ci/bellows')).toEqual(platform);
  expect(stored.get('ci/bellows')?.version).toBe(1);
});

test('the key of the repositories’ secrets is an identity that age takes', async () => {
  await generate();
  const { 'secrets-key': identity = '' } = values('ci/bellows');
  expect(await identityToRecipient(identity)).toMatch(/^age1/);
  const bytes = randomBytes(32);
  expect(toAgeIdentity(bytes)).toBe(bech32.encodeFromBytes('AGE-SECRET-KEY-', bytes).toUpperCase());
});

test('after a crash at any request the next run completes what is there', async () => {
  for (let crash = 0; crash < 6; crash++) {
    stored.clear();
    failAfter = crash;
    await expect(generate()).rejects.toThrow();
    failAfter = Number.POSITIVE_INFINITY;
    const before = values('ci-agents/redis-keda');
    await generate();
    expect(values('ci-agents/redis-keda')).toMatchObject(before);
    const { password = '' } = values('ci-agents/redis-keda');
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256').update(password).digest('hex');
    expect(values('ci/bellows')['users.acl']).toContain(`user keda on #${hash} `);
  }
});

test('a key that a newer version wants is added, and the others stay', async () => {
  await generate();
  const before = values('ci/bellows');
  const { version = 0, data = {} } = stored.get('ci/bellows') ?? {};
  const { 'clone-key': _, ...older } = data;
  stored.set('ci/bellows', { version, data: older });
  await generate();
  const { 'clone-key': added, ...rest } = values('ci/bellows');
  const { 'clone-key': was, ...others } = before;
  expect(rest).toEqual(others);
  expect(added).not.toBe(was);
});

test('two at the same time agree: who comes second takes what the first made', async () => {
  let raced = false;
  meanwhile = (key) => {
    if (raced || key !== 'ci-agents/redis-keda') return;
    raced = true;
    stored.set(key, { version: 7, data: { password: Buffer.from('theirs').toString('base64') } });
  };
  await generate();
  expect(values('ci-agents/redis-keda')).toEqual({ username: 'keda', password: 'theirs' });
});

test('what changes for ever is given up, by name', async () => {
  let version = 100;
  meanwhile = (key) => stored.set(key, { version: version++, data: {} });
  await expect(generate()).rejects.toThrow('ci-agents/redis-keda changed 5 times meanwhile');
});

test('a refusal names what was refused and repeats no secret', async () => {
  const refused = generateSecrets(openSecretsApi(url, 'wrong'), plan, random);
  await expect(refused).rejects.toThrow('reading ci-agents/redis-keda: the Kubernetes API answered 401');
});
