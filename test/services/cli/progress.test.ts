import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Context } from '../../../services/cli/context.ts';
import { withProgress } from '../../../services/cli/progress.ts';
import { createOutput } from './cli.ts';

function createContext(columns?: number, onOutput?: () => void) {
  const { output, read } = createOutput(columns, onOutput);
  let at = 0;
  const context: Context = {
    env: {},
    stdin: Readable.from([]),
    cwd: '/',
    version: '',
    stdout: createOutput().output,
    stderr: output,
    now: () => at++ * 1000,
    become: () => undefined,
    untilInterrupted: async () => new AbortController().signal,
  };
  return { context, read: () => read().toString() };
}

test('what takes long is said on a terminal, and wiped away when it is done', async () => {
  const work = Promise.withResolvers<string>();
  const { context, read } = createContext(80, () => work.resolve('result'));
  expect(await withProgress(context, 'waiting for it', () => work.promise, 1)).toBe('result');
  expect(read()).toBe('\r\x1b[Kwaiting for it (1s)\r\x1b[K');
});

test('a failure wipes the line too', async () => {
  const work = Promise.withResolvers<void>();
  const { context, read } = createContext(80, () => work.reject(new Error('no')));
  await expect(withProgress(context, 'waiting', () => work.promise, 1)).rejects.toThrow('no');
  expect(read().endsWith('\r\x1b[K')).toBe(true);
});

test('what is quick says nothing, nor does anything where no terminal is', async () => {
  const terminal = createContext(80);
  await withProgress(terminal.context, 'quick', async () => undefined);
  const pipe = createContext();
  await withProgress(pipe.context, 'piped', () => delay(20), 1);
  expect([terminal.read(), pipe.read()]).toEqual(['', '']);
});
