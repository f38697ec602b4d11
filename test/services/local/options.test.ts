import { expect, test } from '@jest/globals';
import { UsageError } from '../../../services/core/command/index.ts';
import { readConfig } from '../../../services/core/runtime/index.ts';
import { localConfigSchema } from '../../../services/local/config.ts';
import { parseOptions } from '../../../services/local/options.ts';

test('without options: loopback ports side by side, half the cores but two agents at least, all shown', () => {
  expect(parseOptions([], 2)).toEqual({ port: 7440, gitPort: 7441, agents: 2, example: true, tui: true });
  expect(parseOptions([], 16).agents).toBe(8);
});

test('each option is taken', () => {
  const args = [
    '--port',
    '8000',
    '--git-port=9000',
    '--data',
    '/x',
    '--agents',
    '3',
    '--no-example',
    '--no-tui',
  ];
  expect(parseOptions(args, 2)).toEqual({
    port: 8000,
    gitPort: 9000,
    data: '/x',
    agents: 3,
    example: false,
    tui: false,
  });
});

test.each([
  ['--port', '0'],
  ['--port', '65535'],
  ['--agents', '0'],
  ['--agents', '1.5'],
  ['--prot', '1'],
  ['extra'],
])('%s %s is an error with a usage exit code', (...args) => {
  expect(() => parseOptions(args, 2)).toThrow(UsageError);
});

test('--help is what it prints, and no failure', () => {
  const help = () => parseOptions(['--help'], 2);
  expect(help).toThrow(/--agents <n>[\s\S]*Examples:/);
  expect(help).toThrow(expect.objectContaining({ exitCode: 0 }));
});

test('a crash is asked for by its point and a repository', () => {
  const base = { BELLOWS_ROOT: '/r', BELLOWS_PROGRAMS: '/p' };
  const config = readConfig(localConfigSchema, { ...base, BELLOWS_CRASH: 'before-delivery:a/b' });
  expect(config.BELLOWS_CRASH).toEqual({ point: 'before-delivery', repository: 'a/b' });
  expect(() => readConfig(localConfigSchema, { ...base, BELLOWS_CRASH: 'whenever' })).toThrow(
    /BELLOWS_CRASH/,
  );
});
