import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { apiConfigSchema } from '../../services/api/config.ts';
import { openApi } from '../../services/api/open.ts';
import type { ApiServer } from '../../services/api/server.ts';
import { createToken, hashToken } from '../../services/core/access/index.ts';
import { createApiClient } from '../../services/core/client/index.ts';
import { createLog } from '../../services/core/log/index.ts';
import { createQueue, type Queue } from '../../services/core/queue/index.ts';
import { readConfig } from '../../services/core/runtime/index.ts';
import { openTestForge } from '../support/api.ts';
import { freePort } from '../support/git-remote.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** The guide's own lines, run by sh with the machine's curl and jq against a real api. */

const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/scripts.md'), 'utf8');
const script = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, lines = '']) => lines).join('\n');
const run = promisify(execFile);

const isThere = (name: string) =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)));
const missing = ['curl', 'jq'].filter((name) => !isThere(name));
if (missing.length > 0) process.stderr.write(`skipped: the guide to scripts (no ${missing.join(', ')})\n`);

(missing.length === 0 ? describe : describe.skip)('the guide to scripts', () => {
  const token = createToken();
  let redis: TestRedis;
  let queue: Queue;
  let forge: Awaited<ReturnType<typeof openTestForge>>;
  let api: ApiServer;
  let folder: string;

  beforeAll(async () => {
    redis = await startRedis();
    queue = createQueue({ commands: await redis.connect(), leaseMs: 30_000 });
    forge = await openTestForge({ 'refs/heads/main': 'a'.repeat(40) });
    folder = await mkdtemp(join(tmpdir(), 'bellows-scripts-'));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const config = readConfig(apiConfigSchema, {
      BELLOWS_LISTEN: `127.0.0.1:${port}`,
      BELLOWS_PUBLIC_URL: url,
      BELLOWS_REDIS_URL: redis.url,
      BELLOWS_REDIS_USER: 'default',
      BELLOWS_SECRETS_DIR: '/nowhere',
      BELLOWS_LOCAL_ORIGIN: forge.origin,
    });
    const secrets = {
      roles: { admin: hashToken(token) },
      webhooks: { local: [], gitea: [], github: [] },
      cloneKey: createToken(),
      exposed: [],
    };
    api = await openApi({ config, secrets, log: createLog('test', 'silent') });
    await writeFile(join(folder, 'client.json'), JSON.stringify({ api: url, token }), { mode: 0o600 });
    const client = createApiClient({ url, token });
    await client.putRepository({
      id: 'local/me/example',
      forge: 'local',
      name: 'me/example',
      defaultBranch: 'main',
      pool: 'default',
      timeLimitMs: 60_000,
    });
    client.close();
  });
  afterAll(async () => {
    await api.stop();
    await forge.close();
    await redis.stop();
    await rm(folder, { recursive: true });
  });

  test('starts a job, waits for its end, and prints its log', async () => {
    const work = async () => {
      const claimed = await until(() => queue.claim({ pool: 'default', agent: 'guide', tokenHash: '' }));
      await queue.appendLog(claimed.job, claimed.fence, 1, 'test', Buffer.from('it rings\n'));
      await queue.complete(claimed.job, claimed.fence, { outcome: 'success' });
      return claimed.job;
    };
    const env = { PATH: process.env.PATH, BELLOWS_DATA: folder };
    const [{ stdout }, job] = await Promise.all([
      run('sh', ['-eu', '-c', script], { cwd: folder, env }),
      work(),
    ]);
    expect(stdout).toBe('it rings\n');
    const again = await run('sh', ['-eu', '-c', `${script}\necho "$job"`], { cwd: folder, env });
    expect(again.stdout).toBe(`${job}\tsuccess\nit rings\n${job}\n`);
  });
});
