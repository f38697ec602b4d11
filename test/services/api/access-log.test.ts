import { Writable } from 'node:stream';
import { afterEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { toSignature } from '../../../services/core/forge/index.ts';
import { openTestApi, type TestApi, webhookSecret } from '../../support/api.ts';
import { toRequest } from '../../support/job.ts';

let api: TestApi;
afterEach(() => api.close());

test('nothing that opens anything is in the log of the api: no token, code, cookie, signature or query', async () => {
  let text = '';
  const log = pino(
    { level: 'trace' },
    new Writable({
      write: (chunk, _, done) => {
        text += chunk;
        done();
      },
    }),
  );
  api = await openTestApi({ log });
  await api.queue.enqueue(toRequest());
  const { job, token } = await api.claim('agent-1');
  const code = await api.deps.pageCodes.issue('/');
  const opened = await api.ask(`/?code=${code}`);
  const session = /=([^;]+)/.exec(opened.headers.get('set-cookie') ?? '')?.[1] ?? '';
  const signature = toSignature(Buffer.from('{}'), webhookSecret);
  const secrets = [api.tokens.admin, token, code, session, signature, webhookSecret, 'in-the-query'];

  await api.ask('/', { headers: { cookie: `bellows_session=${session}` } });
  await api.ask('/api/v1/jobs?cursor=in-the-query', { token: api.tokens.admin });
  await api.ask(`/api/v1/jobs?access_token=${api.tokens.admin}`);
  await api.ask(`/api/v1/agent/jobs/${job}/steps`, {
    method: 'POST',
    token,
    json: { name: 'x', state: 'running' },
  });
  await api.hook('{}', 'push', { 'x-gitea-signature': signature });
  api.commands.disconnect();
  // Failures are logged with more than successes are.
  for (const secret of [api.tokens.admin, token])
    expect((await api.ask(`/api/v1/jobs?code=${code}`, { token: secret })).status).toBe(503);
  await api.hook('{}');

  expect(text).toContain('a request failed');
  for (const secret of secrets) expect([secret, text.includes(secret)]).toEqual([secret, false]);
});
