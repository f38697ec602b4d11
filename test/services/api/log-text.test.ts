import { expect, test } from '@jest/globals';
import { createPlainFilter, followLogText, parseLogPosition } from '../../../services/api/log-text.ts';

const bytes = Buffer.from('one ü two\n');
const chunks = [bytes.subarray(0, 5), bytes.subarray(5)].map((part, i) => ({
  n: i + 1,
  step: 'a',
  bytes: part,
}));

/** A log whose reader leaves after `most` chunks. */
async function read(from: string | undefined, most: number) {
  const leaving = new AbortController();
  const log = async function* (_id: string, { after }: { after: number }) {
    for (const chunk of chunks.slice(0, most)) if (chunk.n > after) yield { fence: 7, chunk };
    if (most < chunks.length) leaving.abort();
  };
  let text = '';
  let at = from;
  const parts = followLogText({ log }, 'job', parseLogPosition(from), leaving.signal, createPlainFilter);
  for await (const { id, chunk } of parts) {
    text += chunk.text;
    at = id;
  }
  return { text, at };
}

test('a reader who leaves in the middle of a character, and comes back, has read it once and whole', async () => {
  const first = await read(undefined, 1);
  expect(first).toEqual({ text: 'one ', at: '7-1' });
  expect(await read(first.at, 2)).toEqual({ text: 'ü two\n', at: '7-2' });
});

test('a log that ends in the middle of a character ends in its replacement', async () => {
  const last = { n: 3, step: 'a', bytes: bytes.subarray(4, 5) };
  const log = async function* () {
    yield { fence: 7, chunk: last };
  };
  const texts = [];
  const { signal } = new AbortController();
  for await (const { chunk } of followLogText({ log }, 'job', { after: 0 }, signal, createPlainFilter))
    texts.push(chunk.text);
  expect(texts.join('')).toBe('\ufffd');
});
