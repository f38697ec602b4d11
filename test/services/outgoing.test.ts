import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { Claim } from '../../services/core/job/index.ts';
import { openTestApi, openTestForge, repository, type TestApi } from '../support/api.ts';

const root = join(import.meta.dirname, '..', '..');

let api: TestApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

/** Each file that opens a connection to somebody, and whose word it takes for where that is. */
const whoAsksWhom: Record<string, string> = {
  'services/api/sign-in/provider.ts': 'the identity provider, by BELLOWS_OIDC_ISSUER',
  'services/core/client/transport.ts': 'the api, by BELLOWS_URL or what `up` wrote',
  'services/core/execute/process-engine.ts': 'a service of the job, on this machine',
  'services/core/forge/heads.ts': 'a forge, by its registered origin',
  'services/core/forge/open-answer.ts':
    'a forge, by its registered origin; for files in Git LFS of GitHub what it says is its own',
  'services/core/forge/rest.ts': 'a forge, by its registered origin',
  'services/core/image/registry.ts':
    'a registry, by the pipeline file; never what a registry names elsewhere',
  'services/core/runtime/redis.ts': 'Redis, by BELLOWS_REDIS_URL',
  'services/core/store/s3.ts': 'a store, by BELLOWS_STORE',
  'services/core/trace/exporter.ts': 'a collector of traces, by OTEL_EXPORTER_OTLP_ENDPOINT',
  'services/platform/pins/helm.ts': 'a Helm repository, by dist/',
  'services/local/lock.ts': 'another Bellows of this data folder, on its socket',
};

test('only these files ask anybody by HTTP or a socket, each at an address of the settings', () => {
  const files = execFileSync('git', ['ls-files', '--', 'services'], { cwd: root }).toString().split('\n');
  const asks = files.filter((file) => file.endsWith('.ts') && !isElsewhere(file) && opens(read(file)));
  expect(asks.sort()).toEqual(Object.keys(whoAsksWhom).sort());
});

test('whatever addresses a payload has, an agent clones below the registered origin, and nobody else is asked', async () => {
  const asked: string[] = [];
  const stranger = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200).end();
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const address = stranger.address();
  const elsewhere = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const forge = await openTestForge({ 'refs/heads/main': 'a'.repeat(40) });
  api = await openTestApi({ origins: { gitea: forge.origin } });
  await api.deps.repositories.put(repository);

  const push = JSON.parse(read('test/fixtures/webhooks/gitea/push.json'));
  for (const url of [
    `${elsewhere}/x.git`,
    'http://169.254.169.254/latest',
    'http://[::ffff:169.254.169.254]/',
    'ext::sh -c touch% x',
    'file:///etc/passwd',
  ]) {
    const bent = JSON.stringify(push, (name, value) => (/url$/.test(name) ? url : value)).replaceAll(
      push.after,
      Buffer.from(url).toString('hex').padEnd(40, '0').slice(-40),
    );
    expect((await api.hook(bent)).status).toBe(202);
    const claim: Claim = await api.claim(`agent-${asked.length}-${url.length}`);
    expect(claim.clone.url).toBe(`${forge.origin}/ada/forge-bell.git`);
    expect(JSON.stringify(claim)).not.toContain(elsewhere);
  }
  await api.deps.reconciler.run(repository.id);
  expect(forge.asked.length).toBeGreaterThan(0);
  expect(asked).toEqual([]);
  await forge.close();
  stranger.close();
});

test('an agent is given nothing that writes to a forge: no token, and of our own remote a password that reads', async () => {
  api = await openTestApi();
  await api.deps.repositories.put(repository);
  expect((await api.hook(read('test/fixtures/webhooks/gitea/push.json'))).status).toBe(202);
  const claim = await api.claim('agent-1');
  expect(claim.clone).toEqual({ url: 'http://127.0.0.1:1/ada/forge-bell.git' });
  const known = Object.values(api.tokens).concat(api.deps.secrets.webhooks.gitea);
  for (const secret of known) expect(JSON.stringify(claim)).not.toContain(secret);
});

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** In a page, whose policy lets it ask its own origin only; in the demo, which asks what it started itself. */
function isElsewhere(file: string): boolean {
  return file.startsWith('services/api/page/') || file.startsWith('services/demo/');
}

function opens(text: string): boolean {
  const code = text.replace(/^\s*(?:\*|\/\/).*$/gm, '').replace(/^import type [^;]*;$/gm, '');
  const own = /\bfunction fetch\(|\bconst fetch\b/.test(code);
  return (
    (!own && /\b(?:await|return|globalThis\.) ?fetch\(/.test(code)) ||
    /^import {[^}]*\brequest\b[^}]*} from 'node:https?'/m.test(code) ||
    /\bload\([^)]*node:https?/.test(code) ||
    /^import {[^}]*\b(?:create)?[cC]onnect(?:ion)?\b[^}]*} from 'node:(?:net|tls|http2)'/m.test(code) ||
    /(?:from |import\()'(?:openid-client|undici|@opentelemetry\/exporter[^']*)'/.test(code) ||
    /^import {[^}]*\bRedis\b[^}]*} from 'ioredis'/m.test(code)
  );
}
