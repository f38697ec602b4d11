import { expect, test } from '@jest/globals';
import { readConfig } from '../../../services/core/runtime/index.ts';
import { toTerminal, tuiSettings } from '../../../services/tui/config.ts';
import { parseOptions, usage } from '../../../services/tui/options.ts';
import { toJobId } from './jobs.ts';

test.each([
  [
    { TERM: 'xterm', LANG: 'en_US.UTF-8' },
    { terminal: 'xterm', ascii: false, colour: true },
  ],
  [
    { TERM: 'xterm', LC_ALL: 'C', LANG: 'C.utf8' },
    { terminal: 'xterm', ascii: true, colour: true },
  ],
  [
    { TERM: 'xterm', LC_ALL: '', LC_CTYPE: 'C.UTF8', LANG: 'C' },
    { terminal: 'xterm', ascii: false, colour: true },
  ],
  [
    { TERM: 'screen', NO_COLOR: '1' },
    { terminal: 'screen', ascii: true, colour: false },
  ],
  [
    { TERM: 'screen', NO_COLOR: '' },
    { terminal: 'screen', ascii: true, colour: true },
  ],
  [{ TERM: 'dumb' }, { terminal: undefined, ascii: true, colour: true }],
  [{}, { terminal: undefined, ascii: true, colour: true }],
])('the environment %j means %j', (env, terminal) => {
  expect(toTerminal(readConfig(tuiSettings, env))).toEqual(terminal);
});

test('arguments are few, and a wrong one is named', () => {
  expect(parseOptions([])).toEqual({ job: undefined, ascii: false, help: false });
  expect(parseOptions(['--job', toJobId(7), '--ascii'])).toEqual({
    job: toJobId(7),
    ascii: true,
    help: false,
  });
  expect(parseOptions(['-h']).help).toBe(true);
  expect(() => parseOptions(['--job', 'x/../y'])).toThrow('--job "x/../y": expected a job id, 20 hex digits');
  expect(() => parseOptions(['--colour'])).toThrow("Unknown option '--colour'");
  expect(() => parseOptions(['extra'])).toThrow("Unexpected argument 'extra'");
});

test('the usage names every option', () => {
  for (const option of ['--job ID', '--ascii', '--help']) expect(usage).toContain(option);
});
