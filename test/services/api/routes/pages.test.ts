import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Accepted } from '../../../../services/core/job/index.ts';
import { openTestApi, publicUrl, readStream, type Streamed, type TestApi } from '../../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const hostile = '</script><script>alert(1)</script>\u001b]52;c;aGk=\u0007\u202e"\'<img src=x>';
const start = async (agent: string, given = {}) => {
  await api.queue.enqueue(toRequest([toNewJob({ spec: toSpec(given) })]));
  return api.claim(agent);
};
const toCookie = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? '';
async function open(path: string): Promise<string> {
  const { url } = (await (
    await api.ask('/api/v1/page-codes', { method: 'POST', token: api.tokens.launcher, json: { path } })
  ).json()) as { url: string };
  expect(url.startsWith(`${publicUrl}${path}?code=`)).toBe(true);
  return url.slice(publicUrl.length);
}

test('a code opens its page once: it becomes a cookie that scripts cannot read and leaves the address', async () => {
  const { job } = await start('opener');
  const address = await open(`/jobs/${job}`);
  const opened = await api.ask(address);
  expect([opened.status, opened.headers.get('location')]).toEqual([303, `/jobs/${job}`]);
  expect(opened.headers.get('set-cookie')).toMatch(
    /^bellows_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  const cookie = toCookie(opened);
  const page = await api.ask(`/jobs/${job}`, { headers: { cookie } });
  expect([page.status, page.headers.get('referrer-policy'), page.headers.get('cache-control')]).toEqual([
    200,
    'no-referrer',
    'no-store',
  ]);
  const again = await api.ask(address);
  expect([again.status, again.headers.get('set-cookie')]).toEqual([303, null]);
  await api.queue.cancel(job, 'test');
});

test('a code for one page opens no other, and an invented one none at all', async () => {
  const address = await open('/jobs/0123456789abcdef0123');
  const elsewhere = await api.ask(address.replace('/jobs/0123456789abcdef0123', '/'));
  expect(elsewhere.headers.get('set-cookie')).toBeNull();
  for (const code of ['', 'x', 'A'.repeat(43)])
    expect((await api.ask(`/?code=${code}`)).headers.get('set-cookie')).toBeNull();
  expect(
    (
      await api.ask('/api/v1/page-codes', {
        method: 'POST',
        token: api.tokens.launcher,
        json: { path: '//evil' },
      })
    ).status,
  ).toBe(400);
});

test('behind https the cookie never travels in the clear', async () => {
  const secure = await openTestApi({ publicUrl: 'https://ci.example.org', hosts: ['127.0.0.1:7440'] });
  const response = await secure.ask(`/?code=${await secure.deps.pageCodes.issue('/')}`);
  expect(response.headers.get('set-cookie')).toMatch(
    /^__Host-bellows_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  await secure.close();
});

test('a session looks and does nothing', async () => {
  const { job } = await start('looker');
  const cookie = toCookie(await api.ask(await open('/')));
  for (const path of ['/', `/jobs/${job}`, '/api/v1/jobs', `/api/v1/jobs/${job}/log`])
    expect((await api.ask(path, { headers: { cookie } })).status).toBe(200);
  for (const path of [`/api/v1/jobs/${job}/cancel`, '/api/v1/claim-tokens', '/api/v1/page-codes'])
    expect((await api.ask(path, { method: 'POST', headers: { cookie } })).status).toBe(401);
  expect((await api.ask('/readyz', { headers: { cookie } })).status).toBe(403);
  await api.queue.cancel(job, 'test');
});

test('a stranger is told how to get in, as a page and as a problem', async () => {
  const page = await api.ask('/jobs/0123456789abcdef0123', { headers: { accept: 'text/html,*/*' } });
  expect([page.status, await page.text()]).toEqual([401, expect.stringContaining('bellows open')]);
  expect((await api.ask('/jobs/0123456789abcdef0123')).headers.get('content-type')).toBe(
    'application/problem+json',
  );
  const missing = await api.admin('/jobs/x', { headers: { accept: 'text/html' } });
  expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('no such job')]);
});

test('only the page’s own script and sheet run, by their hash', async () => {
  const { job } = await start('hasher');
  const response = await api.admin(`/jobs/${job}`);
  const policy = response.headers.get('content-security-policy') ?? '';
  const text = await response.text();
  for (const [tag, directive] of [
    ['script', 'script-src'],
    ['style', 'style-src'],
  ]) {
    const [, content = ''] = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(text) ?? [];
    const hash = createHash('sha256').update(content).digest('base64');
    expect(policy).toContain(`${directive} 'sha256-${hash}'`);
  }
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('unsafe');
  expect(text).not.toMatch(/\son\w+=|javascript:/);
  await api.queue.cancel(job, 'test');
});

test('nothing that others chose becomes more than text: subject, branch, author, step, reason, log', async () => {
  const claim = await start('tamperer', { subject: hostile, branch: hostile, author: hostile });
  const { job, fence } = claim;
  await api.queue.step(job, fence, { name: hostile, state: 'running' });
  await api.queue.appendLog(job, fence, 1, hostile, Buffer.from(`\u001b[31mred\u001b[0m ${hostile}\rover\n`));
  await api.queue.complete(job, fence, { outcome: 'failure', reason: hostile });
  for (const path of ['/', `/jobs/${job}`]) {
    const text = await (await api.admin(path)).text();
    expect(text.replace(/<script>.*?<\/script>/s, '')).not.toMatch(/<img|<script/);
    expect(text).not.toMatch(/(?!\n)\p{Cc}|\u202e/u);
  }
  const seen = [];
  for await (const { event, data } of readStream(await api.admin(`/jobs/${job}/live`)))
    seen.push({ event, data });
  expect(JSON.stringify(seen)).not.toMatch(/\\u00[01]|\\[bfr]|\u202e/);
  expect(seen.find(({ event }) => event === 'chunk')?.data.text).toMatch(/^red <\/script>/);
  expect(seen.at(-1)).toEqual({ event: 'end', data: {} });
});

test('the page follows its job from any state to its end: state, steps and log as they come', async () => {
  const accepted = (await api.queue.enqueue(toRequest())) as Accepted;
  const id = accepted.jobs[0] ?? '';
  const events = readStream(await api.admin(`/jobs/${id}/live`));
  const until = async (is: (message: Streamed) => boolean) => {
    for (;;) {
      const { value, done } = await events.next();
      if (done === true) throw new Error('the stream ended');
      if (is(value)) return value;
    }
  };
  await until(({ data }) => data?.state === 'queued');
  const { fence } = await api.claim('follower');
  await until(({ data }) => data?.state === 'running');
  await api.queue.step(id, fence, { name: 'test', state: 'running' });
  await until(({ data }) => data?.steps?.[0]?.name === 'test');
  await api.queue.appendLog(id, fence, 1, 'test', Buffer.from('hello\n'));
  expect(await until(({ event }) => event === 'chunk')).toMatchObject({
    id: `${fence}-1`,
    data: { text: 'hello\n' },
  });
  await api.queue.cancel(id, 'test');
  await until(({ data }) => data?.state === 'cancelling');
  await api.queue.complete(id, fence, { outcome: 'cancelled' });
  await until(({ data }) => data?.final === true);
  await until(({ event }) => event === 'end');
  expect((await events.next()).done).toBe(true);
});

test('the list shows the newest jobs, or what to do where there is none', async () => {
  const empty = await openTestApi();
  expect(await (await empty.admin('/')).text()).toContain('push something');
  await empty.close();
  const text = await (await api.admin('/')).text();
  expect(text).toContain('Count with cogs');
});
