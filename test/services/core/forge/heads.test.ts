import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseHeads } from '../../../../services/core/forge/heads.ts';
import { HeadsError, readHeads, toCloneUrl } from '../../../../services/core/forge/index.ts';
import { PktLineError } from '../../../../services/core/forge/pkt-line.ts';

const type = 'application/x-git-upload-pack-advertisement';
let server: Server | undefined;
let scratch: string | undefined;

afterEach(async () => {
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
  if (scratch !== undefined) rmSync(scratch, { recursive: true });
  scratch = undefined;
});

async function listen(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

/** What git itself advertises for a repository with a branch, an annotated tag and a pull request. */
function advertise(): { bytes: Buffer; refs: Record<string, string> } {
  scratch = mkdtempSync(join(tmpdir(), 'bellows-heads-'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', `${scratch}`, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args])
      .toString()
      .trim();
  git('init', '--quiet', '--initial-branch=main');
  git('commit', '--quiet', '--allow-empty', '--message=one');
  git('tag', '--annotate', '--message=v1', 'v1');
  git('update-ref', 'refs/pull/4/head', 'HEAD');
  git('update-ref', 'refs/notes/x', 'HEAD');
  const refs: Record<string, string> = {};
  for (const ref of ['refs/heads/main', 'refs/tags/v1', 'refs/pull/4/head'])
    refs[ref] = git('rev-parse', ref);
  const lines = execFileSync('git', ['upload-pack', '--advertise-refs', scratch]);
  return { bytes: Buffer.concat([Buffer.from('001e# service=git-upload-pack\n0000'), lines]), refs };
}

test('the heads of a real repository are read with credentials, tags as they were pushed', async () => {
  const { bytes, refs } = advertise();
  const seen: (string | undefined)[] = [];
  const origin = await listen((request, response) => {
    seen.push(request.url, request.headers.authorization);
    response.writeHead(200, { 'content-type': type }).end(bytes);
  });
  const heads = await readHeads(origin, 'ada/forge-bell', {
    credentials: { username: 'job', password: 'p' },
  });
  expect(Object.fromEntries(heads.refs)).toEqual(refs);
  expect(Object.fromEntries(heads.commits)).toEqual({ ...refs, 'refs/tags/v1': refs['refs/heads/main'] });
  expect(seen).toEqual([
    '/ada/forge-bell.git/info/refs?service=git-upload-pack',
    `Basic ${Buffer.from('job:p').toString('base64')}`,
  ]);
});

test('an empty repository has no heads', () => {
  const none = `001e# service=git-upload-pack\n00000047${'0'.repeat(40)} capabilities^{}\0side-band\n0000`;
  expect(parseHeads(Buffer.from(none)).refs.size).toBe(0);
});

test('a redirect is not followed', async () => {
  let asked = 0;
  const origin = await listen((_, response) => {
    asked += 1;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  await expect(readHeads(origin, 'a/b')).rejects.toThrow('answered 302');
  expect(asked).toBe(1);
});

test.each<[string, RequestListener, string]>([
  [
    'a page in place of git',
    (_, response) => void response.setHeader('content-type', 'text/html').end(),
    'text/html',
  ],
  ['a refusal', (_, response) => void response.writeHead(401).end(), 'answered 401'],
  [
    'too much',
    (_, response) => void response.setHeader('content-type', type).end('x'.repeat(2000)),
    'larger than',
  ],
  ['half a line', (_, response) => void response.setHeader('content-type', type).end('001e# ser'), 'byte 0'],
  [
    'another service',
    (_, response) => void response.setHeader('content-type', type).end('0008abcd'),
    'service line',
  ],
  ['silence', () => undefined, 'no answer within 200 ms'],
])('%s is an error that says so', async (_, answer, message) => {
  const origin = await listen(answer);
  const reading = readHeads(origin, 'a/b', { timeoutMs: 200, maxBytes: 1000 });
  await expect(reading).rejects.toThrow(message);
  await expect(reading).rejects.toThrow(HeadsError);
  server?.closeAllConnections();
});

test('a forge that is not there is an error that names it', async () => {
  const origin = await listen(() => undefined);
  await new Promise((done) => server?.close(done));
  server = undefined;
  await expect(readHeads(origin, 'a/b')).rejects.toThrow(`cannot be read from ${origin}`);
});

test('no bytes whatever make anything but heads or a PktLineError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        return parseHeads(Buffer.from(bytes)).refs.size === 0;
      } catch (error) {
        return error instanceof PktLineError;
      }
    }),
  );
});

test('a clone address is made of the registered origin and the name, whatever the name holds', () => {
  expect(toCloneUrl('http://git.example/forge', 'ada/bell')).toBe('http://git.example/forge/ada/bell.git');
  expect(new URL(toCloneUrl('http://git.example', 'a?b/@evil#')).host).toBe('git.example');
});
