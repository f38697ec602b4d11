import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { readTokenFile, readTokenLine } from '../../../services/agent/claim-token.ts';

test('the token is the first line, and the stream is left open', async () => {
  const stream = new PassThrough();
  const token = readTokenLine(stream);
  stream.write('bc.to');
  stream.write('ken\n');
  expect(await token).toBe('bc.token');
  expect(stream.readableEnded || stream.destroyed).toBe(false);
});

test('a stream that ends after the token is enough', async () => {
  const stream = new PassThrough();
  stream.end('token');
  expect(await readTokenLine(stream)).toBe('token');
});

test.each(['\n', 'two words\n', 'a\0b\n', 'x'.repeat(10_000)])('text %# is no token', async (text) => {
  const stream = new PassThrough();
  stream.end(text);
  await expect(readTokenLine(stream)).rejects.toThrow(
    'expected a claim token from the standard input, in one line',
  );
});

test('a stream that ends without a line says that there is nothing to claim', async () => {
  const stream = new PassThrough();
  stream.end();
  expect(await readTokenLine(stream)).toBeUndefined();
});

test('a stream that breaks is an error', async () => {
  const stream = new PassThrough();
  const token = readTokenLine(stream);
  stream.destroy(new Error('broken pipe'));
  await expect(token).rejects.toThrow('broken pipe');
});

test('a file may end with a line break', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-test-token-'));
  await writeFile(join(folder, 'token'), 'a.b.c\n');
  expect(await readTokenFile(join(folder, 'token'))).toBe('a.b.c');
  await rm(folder, { recursive: true });
});
