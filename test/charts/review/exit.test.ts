import { parseArgs } from 'node:util';
import { expect, test } from '@jest/globals';
import { PlatformError } from '../../../charts/platform-file.ts';
import { toExit, UsageError } from '../../../charts/review/exit.ts';

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test('what its user can mend is one line, and ends with 1', () => {
  expect(toExit(new PlatformError('platform.yaml:1:1: no'), 'usage', [PlatformError])).toEqual({
    text: 'platform.yaml:1:1: no\n',
    exitCode: 1,
  });
});

test('a wrong word is answered with the usage, and ends with 2', () => {
  // Jest gives tests a TypeError of their own; a program has one.
  const error = caught(() => parseArgs({ args: ['--no-such'], options: {} })) as Error;
  const own = Object.assign(new TypeError(error.message), { code: 'ERR_PARSE_ARGS_UNKNOWN_OPTION' });
  expect(toExit(own, 'Usage: x\n', [])).toEqual({
    text: `bellows: ${error.message}\nUsage: x\n`,
    exitCode: 2,
  });
});

test('words that do not go together are answered alike', () => {
  expect(toExit(new UsageError('one format'), 'Usage: x\n', [])).toEqual({
    text: 'bellows: one format\nUsage: x\n',
    exitCode: 2,
  });
});

test('what nobody expected is thrown on', () => {
  const error = new RangeError('a bug');
  expect(caught(() => toExit(error, '', [PlatformError]))).toBe(error);
});
