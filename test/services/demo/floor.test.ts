import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openBareRemote } from '../../../services/demo/bare-remote.ts';
import { openFloor } from '../../../services/demo/floor.ts';
import { createGit, makeCommit, makeWorkingCopy, toSentAt } from '../../../services/demo/git.ts';
import { createRemote, toJob } from '../../../services/demo/remote.ts';
import { openScratch, type Scratch } from '../../../services/demo/scratch.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await openScratch(process.env, tmpdir());
});
afterEach(() => scratch.remove());

test('the scratch folder passes nothing of the user on but paths and language', async () => {
  const own = await openScratch(
    { PATH: '/bin', HOME: '/home/me', SSH_AUTH_SOCK: '/s', BELLOWS_TOKEN: 'x' },
    tmpdir(),
  );
  expect(Object.keys(own.env).filter((name) => /SSH|TOKEN/.test(name))).toEqual([]);
  expect(own.env.PATH).toBe('/bin');
  expect(own.env.HOME).toBe(join(own.folder, 'home'));
  await own.remove();
  expect(() => readdirSync(own.folder)).toThrow('ENOENT');
});

test('the floor is a push, a Node and a clone, each of which really happened', async () => {
  const floor = await openFloor({
    work: scratch.work,
    env: scratch.env,
    node: process.execPath,
    files: { '.bellows.yaml': 'steps: []\n' },
  });
  const first = await floor.measure();
  const second = await floor.measure();
  await floor.close();
  for (const times of [first, second]) for (const ms of Object.values(times)) expect(ms).toBeGreaterThan(1);
  const bare = join(scratch.work, 'floor', 'bare.git');
  const count = execFileSync('git', ['rev-list', '--count', 'main'], { cwd: bare, env: scratch.env });
  expect(count.toString().trim()).toBe('3');
});

test('a floor on a Node that does not start says so', async () => {
  const floor = await openFloor({ work: scratch.work, env: scratch.env, node: '/bin/false', files: {} });
  await expect(floor.measure()).rejects.toThrow('node -e 0 ended with 1');
  await floor.close();
});

test('a remote pushes what was committed and sees where the branch stands', async () => {
  const git = createGit(scratch.env);
  await git.must(['init', '--quiet', '--bare', 'demo/x.git'], scratch.work);
  await git.must(['config', 'http.receivepack', 'true'], join(scratch.work, 'demo', 'x.git'));
  const bare = await openBareRemote(scratch.work, scratch.env);
  const remote = createRemote({ work: join(scratch.work, 'copies'), url: bare.url, env: scratch.env });
  const copy = await remote.make('x', 'steps: []\n');
  expect(await remote.head(copy)).toBeUndefined();
  const { movement, result, sentAt } = await remote.pushTimed(copy);
  expect(result.ok).toBe(true);
  expect(movement).toMatchObject({ repository: 'local/demo/x', ref: 'refs/heads/main' });
  expect(await remote.head(copy)).toBe(movement.sha);
  expect(sentAt).toBeGreaterThan(result.startedAt);
  expect(sentAt).toBeLessThanOrEqual(result.endedAt);

  const next = await remote.commit(copy, 'More');
  expect(await remote.head(copy)).not.toBe(next);
  const nowhere = await remote.push({ ...copy, url: `${bare.url}/nowhere.git` });
  expect(nowhere.result.ok).toBe(false);
  await bare.close();
});

test('git that refuses is an error with its words, and one that hangs is killed', async () => {
  const git = createGit(scratch.env, 300);
  await expect(git.must(['rev-parse', 'nothing'], scratch.work)).rejects.toThrow(
    /git rev-parse nothing in .*fatal/s,
  );
  const hung = await git.run(['-c', 'alias.hang=!exec sleep 3', 'hang'], scratch.work);
  expect(hung.ok).toBe(false);
});

test('commits are made by the demo, whoever uses the machine', async () => {
  const git = createGit(scratch.env);
  const folder = join(scratch.work, 'own');
  await makeWorkingCopy(git, folder, { a: '1' });
  await makeCommit(git, folder, 'Second');
  expect(await git.must(['log', '--format=%an %s'], folder)).toBe('Demo Second\nDemo Begin');
});

test('what git traced tells when the pack was made; without a pack there is no such moment', () => {
  const line = (event: string, more: object) => JSON.stringify({ event, sid: 's', child_id: 1, ...more });
  const trace = [
    line('child_start', { argv: ['git', 'pack-objects'], time: '2026-01-01T00:00:00.100000Z' }),
    line('child_exit', { child_id: 2, time: '2026-01-01T00:00:00.150000Z' }),
    line('child_exit', { time: '2026-01-01T00:00:00.200000Z' }),
  ].join('\n');
  expect(toSentAt(trace)).toBe(Date.parse('2026-01-01T00:00:00.200Z'));
  expect(toSentAt('{"event":"exit"}\n')).toBeUndefined();
});

test('a job is found in what a push printed, and in nothing else', () => {
  const id = 'ab'.repeat(10);
  expect(toJob(`remote: Bellows: http://127.0.0.1:7440/jobs/${id}?code=x`)).toBe(id);
  expect(toJob(`remote: http://127.0.0.1/jobs/${id}ff`)).toBeUndefined();
  expect(toJob('remote: hello')).toBeUndefined();
});
