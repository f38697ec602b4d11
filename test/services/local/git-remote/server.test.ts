import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createReaper } from '../../../../services/core/execute/index.ts';
import { openTestRemote, pushPassword } from '../../../support/git-remote.ts';

let remote: Awaited<ReturnType<typeof openTestRemote>>;
const zeros = '0'.repeat(40);

beforeEach(async () => {
  remote = await openTestRemote();
  await remote.git('init', '--quiet', '--initial-branch=trunk');
});
afterEach(() => remote.close());

const push = (...refs: string[]) =>
  remote.asking(pushPassword, 'push', `${remote.origin}/ann/app.git`, ...refs);

function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const asked = request({ port: remote.port, host: '127.0.0.1', path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.on('error', reject);
    asked.end();
  });
}
const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`x:${password}`).toString('base64')}`,
});

test('a first push makes the repository, moves its ref, and tells of the commit', async () => {
  const sha = await remote.commit('First "quoted" $(subject)');
  const { code, stderr } = await push('trunk');
  expect(code).toBe(0);
  expect(stderr).toMatch(/remote: job of refs\/heads\/trunk/);
  expect(remote.told).toEqual([
    {
      repository: 'ann/app',
      movement: {
        ref: 'refs/heads/trunk',
        before: zeros,
        after: sha,
        commit: { id: sha, subject: 'First "quoted" $(subject)', author: 'A Uthor', email: 'a@example.org' },
      },
    },
  ]);
  expect(await remote.repositories.readDefaultBranch('ann/app')).toBe('trunk');
  expect(await remote.repositories.list()).toEqual(['ann/app']);
});

test('one push of several refs is told ref by ref, deletions and annotated tags too', async () => {
  const sha = await remote.commit('One');
  await push('trunk', 'trunk:refs/heads/old');
  remote.told.length = 0;
  await remote.git('tag', '--annotate', '--message', 'release', 'v1');
  await push('v1', ':old');
  const tag = await remote.git('rev-parse', 'v1');
  expect(remote.told.map(({ movement }) => movement)).toEqual([
    { ref: 'refs/heads/old', before: sha, after: zeros },
    expect.objectContaining({
      ref: 'refs/tags/v1',
      before: zeros,
      after: tag,
      commit: expect.objectContaining({ id: sha }),
    }),
  ]);
});

test.each([
  ['no credential', {}, 401],
  ['a wrong password', basic('wrong'), 401],
  ['another scheme', { authorization: 'Bearer nothing' }, 401],
  ['half a credential', { authorization: `Basic ${Buffer.from('x').toString('base64')}` }, 401],
  ['a foreign Host', { ...basic(pushPassword), host: 'evil.example' }, 403],
  ['a web page', { ...basic(pushPassword), origin: 'https://evil.example' }, 403],
  ['our own page', { ...basic(pushPassword), origin: 'http://127.0.0.1:7440' }, 403],
])('%s is refused, and nothing is made', async (_, headers, status) => {
  const answer = await ask('/ann/app.git/info/refs?service=git-receive-pack', headers);
  expect(answer.status).toBe(status);
  expect(await remote.repositories.list()).toEqual([]);
});

test.each([
  '/../etc.git/info/refs?service=git-receive-pack',
  '/a/../b.git/info/refs?service=git-receive-pack',
  '/a/..%2fb.git/info/refs?service=git-receive-pack',
  '/.new-1/x.git/info/refs?service=git-receive-pack',
  '/-a/x.git/info/refs?service=git-receive-pack',
  '/a/x.lock.git/info/refs?service=git-receive-pack',
  '/a/x.git/HEAD',
  '/a/x.git/objects/info/packs',
  '/a/x.git/info/refs',
  '/a/x.git/info/refs?service=git-upload-archive',
])('%s is no address of a repository', async (path) => {
  expect((await ask(path, basic(pushPassword))).status).toBe(404);
  expect(await remote.repositories.list()).toEqual([]);
});

test('a clone token reads its own repository, and does nothing else', async () => {
  const sha = await remote.commit('One');
  await push('trunk');
  const url = `${remote.origin}/ann/app.git`;
  const token = remote.cloneToken('ann/app');
  await remote.commit('Two, never pushed');
  expect((await remote.asking(token, 'fetch', '--depth=1', url, sha)).code).toBe(0);
  expect((await remote.asking(token, 'push', url, 'trunk')).code).not.toBe(0);
  expect((await remote.asking(remote.cloneToken('ann/other'), 'ls-remote', url)).code).not.toBe(0);
  expect((await remote.asking(remote.cloneToken('ann/app', 1), 'ls-remote', url)).code).not.toBe(0);
  expect((await remote.asking(token, 'ls-remote', `${remote.origin}/ann/none.git`)).code).not.toBe(0);
});

test('whoever may not read the list of refs learns nothing of which repositories exist', async () => {
  await remote.commit('One');
  await push('trunk');
  const there = await ask('/ann/app.git/info/refs?service=git-upload-pack');
  const none = await ask('/ann/none.git/info/refs?service=git-upload-pack');
  expect(there).toEqual(none);
});

test('a repository that is read before its first push is not found, and not made', async () => {
  const answer = await ask('/ann/app.git/info/refs?service=git-upload-pack', basic(pushPassword));
  expect(answer.status).toBe(404);
  expect(await remote.repositories.list()).toEqual([]);
});

test('a pushed tree cannot bring hooks or settings of its own', async () => {
  await remote.git('config', 'core.hooksPath', '/nowhere');
  await remote.commit('One');
  await push('trunk');
  const config = await remote.git('-C', remote.repositories.toPath('ann/app'), 'config', '--list', '--local');
  expect(config).not.toMatch(/hook/i);
});

test('a push that is too large is refused in words, and moves nothing', async () => {
  const small = await openTestRemote({ limits: { idleMs: 10_000, maxBytes: 20_000 } });
  try {
    await small.git('init', '--quiet', '--initial-branch=trunk');
    await writeFile(join(small.work, 'noise'), randomBytes(50_000));
    await small.commit('Large');
    const { code, stderr } = await small.asking(pushPassword, 'push', `${small.origin}/ann/app.git`, 'trunk');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/413/);
    expect(small.told).toEqual([]);
  } finally {
    await small.close();
  }
});

test('a push that may not enter is refused in words, and moves nothing', async () => {
  const busy = await openTestRemote({ repair: () => new Promise(() => undefined), holdMs: 10 });
  try {
    await busy.git('init', '--quiet', '--initial-branch=trunk');
    await busy.commit('One');
    const { code, stderr } = await busy.asking(pushPassword, 'push', `${busy.origin}/ann/app.git`, 'trunk');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/remote: ann\/app takes no push right now: .* push again in a moment/);
    expect(busy.told).toEqual([]);
  } finally {
    await busy.close();
  }
});

test('a push whose delivery fails is accepted all the same, says so, and is repaired before the next one', async () => {
  const repaired: (string | undefined)[] = [];
  let fails = true;
  const away = await openTestRemote({
    repair: async (repository) => {
      repaired.push(repository);
    },
    delivery: {
      deliver: async () => {
        if (fails) throw new Error('the api is away');
        return [];
      },
    },
  });
  try {
    await away.git('init', '--quiet', '--initial-branch=trunk');
    const sha = await away.commit('One');
    const first = await away.asking(pushPassword, 'push', `${away.origin}/ann/app.git`, 'trunk');
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(/remote: Bellows: accepted/);
    expect(await away.git('-C', away.repositories.toPath('ann/app'), 'rev-parse', 'trunk')).toBe(sha);
    fails = false;
    await away.commit('Two');
    expect((await away.asking(pushPassword, 'push', `${away.origin}/ann/app.git`, 'trunk')).code).toBe(0);
    expect(repaired).toEqual([undefined, 'ann/app']);
    expect(away.errors).toHaveLength(1);
  } finally {
    await away.close();
  }
});

test('a push that stops half-way moves nothing and lets the next one in', async () => {
  await remote.commit('One');
  await push('trunk');
  const socket = connect(remote.port, '127.0.0.1');
  const line = (text: string) => `${text}\r\n`;
  socket.write(
    line('POST /ann/app.git/git-receive-pack HTTP/1.1') +
      line(`Host: 127.0.0.1:${remote.port}`) +
      line(`Authorization: ${basic(pushPassword).authorization}`) +
      line('Content-Type: application/x-git-receive-pack-request') +
      line('Content-Length: 5000') +
      line('') +
      `00a7${zeros} ${'1'.repeat(40)} refs/heads/x\0 report-status`,
  );
  await new Promise<void>((resolve) => socket.write('', () => resolve()));
  socket.destroy();
  remote.told.length = 0;
  await remote.commit('Two');
  expect((await push('trunk')).code).toBe(0);
  expect(remote.told).toHaveLength(1);
});

test('what git can do is asked once, however many clones ask', async () => {
  const reaper = createReaper();
  let started = 0;
  const counted = await openTestRemote({
    reaper: {
      ...reaper,
      add: (group) => {
        started += 1;
        reaper.add(group);
      },
    },
  });
  try {
    await counted.git('init', '--quiet');
    await counted.commit('one');
    await counted.asking(pushPassword, 'push', `${counted.origin}/me/shop.git`, 'HEAD:main');
    // A clone that is up to date before it begins: capabilities, and the list of refs.
    const list = () =>
      counted.asking(pushPassword, '-c', 'protocol.version=2', 'ls-remote', `${counted.origin}/me/shop.git`);
    await list();
    const before = started;
    expect(await list()).toMatchObject({ code: 0 });
    expect(started - before).toBe(1);
  } finally {
    await counted.close();
    await reaper.stop();
  }
});
