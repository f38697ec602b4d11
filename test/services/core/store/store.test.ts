import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AwsV4Signer } from 'aws4fetch';
import {
  type Listed,
  openFolderStore,
  openS3Store,
  type Store,
  StoreError,
} from '../../../../services/core/store/index.ts';
import { findS3Server, startS3 } from '../../../support/s3.ts';
import { until } from '../../../support/until.ts';

const s3Server = findS3Server();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function list(store: Store, folder: string): Promise<Listed[]> {
  const all: Listed[] = [];
  for await (const listed of store.list(folder)) all.push(listed);
  return all;
}

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256));

/** What every store promises. */
function conform(open: () => Promise<Store>): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });

  test('what was put is got, whole or in part, and a second time replaces it', async () => {
    await store.put('logs/ab/1', [bytes.subarray(0, 300), bytes.subarray(300)]);
    expect(await store.get('logs/ab/1')).toEqual(bytes);
    expect(await store.get('logs/ab/1', { from: 10, length: 20 })).toEqual(bytes.subarray(10, 30));
    expect(await store.get('logs/ab/1', { from: 990, length: 20 })).toEqual(bytes.subarray(990));
    expect(await store.get('logs/ab/1', { from: 1000, length: 1 })).toEqual(Buffer.alloc(0));
    await store.put('logs/ab/1', [Buffer.from('new')]);
    expect(String(await store.get('logs/ab/1'))).toBe('new');
    await store.put('logs/ab/empty', []);
    expect(await store.get('logs/ab/empty')).toEqual(Buffer.alloc(0));
  });

  test('what is put again is as young as what was put last, also where it is empty', async () => {
    await store.put('logs/old', []);
    const [before] = await list(store, 'logs');
    await until(async () => {
      await store.put('logs/old', []);
      const [after] = await list(store, 'logs');
      return (after?.putMs ?? 0) > (before?.putMs ?? 0) || undefined;
    });
  });

  test('what was removed, or never put, is not there; removing it again is no error', async () => {
    await store.put('logs/x', [bytes]);
    await store.remove('logs/x');
    await store.remove('logs/x');
    await store.remove('never/there');
    expect(await store.get('logs/x')).toBeUndefined();
    expect(await store.get('never/there', { from: 0, length: 1 })).toBeUndefined();
  });

  test.each([
    '',
    '/',
    'a/',
    '/a',
    '..',
    'a/../b',
    '.new/a',
    'a b',
    'a%2f',
    'ä',
    'a\0',
    `${'a'.repeat(101)}`,
    'a/b/c/d/e/f/g/h/i',
  ])('the name %j means nothing to it', async (name) => {
    await expect(store.put(name, [bytes])).rejects.toThrow(TypeError);
    await expect(store.get(name)).rejects.toThrow('cannot name a blob');
    await expect(store.remove(name)).rejects.toThrow(TypeError);
  });

  test('what lies below a folder is listed, with its size and its age', async () => {
    const before = Date.now() - 5000;
    for (const name of ['logs/ab/1', 'logs/ab/2', 'logs/cd', 'logsx/1']) await store.put(name, [bytes]);
    const listed = await list(store, 'logs');
    expect(listed.map(({ name }) => name).sort()).toEqual(['logs/ab/1', 'logs/ab/2', 'logs/cd']);
    expect(listed.every(({ bytes, putMs }) => bytes === 1000 && putMs > before)).toBe(true);
    expect(await list(store, 'never')).toEqual([]);
  });

  test('3 MB come back byte for byte, while others are read and written', async () => {
    const large = Buffer.alloc(3_000_000, bytes);
    const names = ['one', 'two', 'three'];
    await Promise.all(names.map((name) => store.put(`large/${name}`, [large])));
    for (const name of names) expect((await store.get(`large/${name}`))?.equals(large)).toBe(true);
  });
}

describe('a folder', () => {
  conform(() => openFolderStore(join(folder, 'store')));

  test('is for its owner only, and what a crash has left goes after an hour', async () => {
    const path = join(folder, 'store');
    await openFolderStore(path);
    for (const name of ['old', 'young']) await writeFile(join(path, '.new', name), 'half');
    await utimes(join(path, '.new', 'old'), 0, 0);
    const store = await openFolderStore(path);
    expect(await readdir(join(path, '.new'))).toEqual(['young']);
    await store.put('a/b', [Buffer.from('x')]);
    expect(await readdir(join(path, '.new'))).toEqual(['young']);
    for (const each of ['', 'a']) expect((await stat(join(path, each))).mode & 0o077).toBe(0);
    expect((await stat(join(path, 'a/b'))).mode & 0o777).toBe(0o600);
  });

  test('follows no link, neither of a blob nor on the way to it', async () => {
    const path = join(folder, 'store');
    const store = await openFolderStore(path);
    await mkdir(join(folder, 'outside'));
    await writeFile(join(folder, 'outside', 'file'), 'private');
    await symlink(join(folder, 'outside'), join(path, 'way'));
    await symlink(join(folder, 'outside', 'file'), join(path, 'blob'));
    expect(await store.get('way/file')).toBeUndefined();
    await expect(store.get('blob')).rejects.toThrow(StoreError);
    await expect(store.put('way/file', [Buffer.from('x')])).rejects.toThrow('leads out of the store');
    await store.remove('way/file');
    expect(String(await readFile(join(folder, 'outside', 'file')))).toBe('private');
  });

  test('says what is wrong with it', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(openFolderStore(join(folder, 'file'))).rejects.toThrow(
      /could not be opened: .*EEXIST|ENOTDIR/,
    );
    const store = await openFolderStore(join(folder, 'store'));
    await writeFile(join(folder, 'store', 'a'), '');
    await expect(store.put('a/b', [])).rejects.toThrow(StoreError);
  });
});

(s3Server === undefined ? describe.skip : describe)(`a bucket of ${s3Server}`, () => {
  let server: Awaited<ReturnType<typeof startS3>>;
  beforeAll(async () => {
    server = await startS3(s3Server ?? '');
  });
  afterAll(() => server.close());
  let folders = 0;
  conform(async () => openS3Store({ ...server.options, url: `${server.options.url}/${++folders}` }));

  test('a put that is cut off half way leaves nothing, neither to get nor to list', async () => {
    const url = `${server.options.url}/cut/off`;
    const [accessKeyId, secretAccessKey] = [server.options.accessKey, server.options.secretKey];
    const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const key = { accessKeyId, secretAccessKey, service: 's3', region: server.options.region };
    const signed = await new AwsV4Signer({ ...key, method: 'PUT', url, headers }).sign();
    const sending = request(url, {
      method: 'PUT',
      headers: { ...Object.fromEntries(signed.headers), 'content-length': 1 << 20 },
    }).on('error', () => undefined);
    await new Promise((resolve) => sending.write(bytes, resolve));
    await new Promise((resolve) => sending.once('close', resolve).destroy());
    const store = openS3Store(server.options);
    expect(await store.get('cut/off')).toBeUndefined();
    expect(await list(store, 'cut')).toEqual([]);
  });

  test.each([
    ['another key', { secretKey: 'wrong' }, /403/],
    ['another bucket', { url: 'nowhere' }, /NoSuchBucket|404|403/],
  ])('with %s it says why', async (_what, given, why) => {
    const { url } = server.options;
    const options = { ...server.options, ...given };
    const store = openS3Store(
      'url' in given ? { ...options, url: url.replace('bucket', 'nowhere') } : options,
    );
    await expect(store.put('a', [Buffer.from('x')])).rejects.toThrow(why);
    await expect(store.get('a')).rejects.toThrow(StoreError);
  });
});

test('a store that does not answer, redirects, sends too much or cuts off is an error that names no key', async () => {
  const answers: Record<string, (response: import('node:http').ServerResponse) => void> = {
    slow: () => undefined,
    moved: (response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    huge: (response) => response.writeHead(200, { 'content-length': String(2 ** 40) }).write('x'),
    cut: (response) => {
      response.writeHead(200, { 'content-length': '10' }).write('x', () => response.destroy());
    },
    broken: (response) => response.writeHead(500).end('<Code>InternalError</Code>'),
    whole: (response) => response.writeHead(200).end('0123456789'),
  };
  const server = createServer((request, response) =>
    answers[request.url?.split('/').at(-1) ?? '']?.(response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket`;
  const store = openS3Store({ url, region: 'x', accessKey: 'key', secretKey: 'hunter2', timeoutMs: 300 });
  for (const name of ['slow', 'moved', 'huge', 'cut', 'broken']) {
    await expect(store.get(name)).rejects.toThrow(StoreError);
    await expect(store.get(name)).rejects.not.toThrow('hunter2');
  }
  // One that knows no ranges sends all of it.
  expect(String(await store.get('whole', { from: 2, length: 3 }))).toBe('234');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(store.get('gone')).rejects.toThrow('does not answer');
});
