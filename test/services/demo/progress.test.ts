import { expect, test } from '@jest/globals';
import { UsageError } from '../../../services/core/command/index.ts';
import { parseOptions } from '../../../services/demo/options.ts';
import { createProgress } from '../../../services/demo/progress.ts';

function catchUsage(args: string[]): UsageError {
  try {
    parseOptions(args);
  } catch (error) {
    if (error instanceof UsageError) return error;
  }
  throw new Error('it was accepted');
}

test('without a terminal each stage is two plain lines', () => {
  let written = '';
  const write = (text: string) => {
    written += text;
  };
  const progress = createProgress({ write, tty: false, columns: () => 80 });
  progress.begin('a push');
  progress.note('a push', '1/2');
  progress.end('a push', true, 1234);
  progress.close();
  expect(written).toBe('… a push\n✓ a push 1.2 s\n');
});

test('a terminal has one line for all that runs, no longer than it is wide', async () => {
  const drawn: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const write = (text: string) => {
    drawn.push(text);
    if (text.includes('2/3')) resolve();
  };
  const progress = createProgress({ write, tty: true, columns: () => 30 });
  progress.begin('one');
  progress.begin('another with a long name');
  progress.note('one', '2/3');
  await promise;
  progress.end('one', false, 10);
  progress.close();
  expect(drawn.at(0)?.slice('\r\x1b[K⠙ '.length)).toBe('one 2/3 · another with a lo');
  expect(drawn.slice(-2)).toEqual(['\r\x1b[K✗ one 0.0 s\n', '\r\x1b[K']);
});

test('options have defaults, and a wrong one is refused with what was expected', () => {
  expect(parseOptions([])).toEqual({ runs: 10, json: false, keep: false });
  expect(parseOptions(['--runs', '50', '--json', '--keep'])).toEqual({ runs: 50, json: true, keep: true });
  expect(catchUsage(['--runs', '0'])).toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('1 to 999'),
  });
  expect(catchUsage(['--rusn', '1']).message).toContain('Did you mean --runs?');
});

test('help has examples and the exit codes', () => {
  const { exitCode, message } = catchUsage(['--help']);
  expect(exitCode).toBe(0);
  expect(message).toMatch(/Exit code: 0 .*Examples:/s);
});
