import { expect, test } from '@jest/globals';
import { createStepBuffers } from '../../../services/agent/step-buffers.ts';

const write = (text: string) => Buffer.from(text);
const read = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

test('a line that does not end is kept back, once', () => {
  const buffers = createStepBuffers();
  buffers.add('a', write('one\ntw'));
  expect(read(buffers.take('a', 64, true))).toBe('one\n');
  buffers.add('a', write('o'));
  expect(read(buffers.take('a', 64, true))).toBe('two');
  buffers.add('a', write('three'));
  expect(read(buffers.take('a', 64, true))).toBeUndefined();
  expect([buffers.steps(), buffers.bytes]).toEqual([['a'], 5]);
  expect(read(buffers.take('a', 64, true))).toBe('three');
  expect([buffers.steps(), buffers.bytes]).toEqual([[], 0]);
});

test('the last line of a step that has ended is whole, with or without its end', () => {
  const buffers = createStepBuffers();
  buffers.add('a', write('one\ntw'));
  buffers.end('a');
  buffers.end('of no output');
  expect(read(buffers.take('a', 64, true))).toBe('one\ntw');
});

test('no more is taken than asked for, and a line that fills it is cut', () => {
  const buffers = createStepBuffers();
  for (const text of ['12', '345', '6\n']) buffers.add('a', write(text));
  expect([1, 2, 3].map(() => read(buffers.take('a', 4, true)))).toEqual(['1234', '56\n', undefined]);
});

test('what is cleared was counted', () => {
  const buffers = createStepBuffers();
  buffers.add('a', write('12'));
  buffers.add('b', write('3'));
  expect([buffers.clear(), buffers.bytes, buffers.steps()]).toEqual([3, 0, []]);
});
