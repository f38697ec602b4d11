import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toTable } from '../../../services/cli/table.ts';
import { toTerminal } from '../../../services/cli/terminal.ts';
import { displayWidth } from '../../../services/core/display/index.ts';
import { createOutput } from './cli.ts';

const utf8 = { LANG: 'en_GB.UTF-8' };
const terminal = (columns?: number, env: Record<string, string> = utf8) =>
  toTerminal(env, createOutput(columns).output);
const columns = [{ title: 'ID' }, { title: 'BRANCH', shrinks: true }, { title: 'SUBJECT', shrinks: true }];

test('columns stand under their titles, also after wide characters', () => {
  const rows = [
    ['1', '修正', 'first'],
    ['22', 'main', 'second'],
  ];
  expect(toTable(columns, rows, terminal())).toBe(
    ['ID  BRANCH  SUBJECT', '1   修正    first', '22  main    second', ''].join('\n'),
  );
});

test('the widest column that may shrink gives first, and says that it was cut', () => {
  const rows = [['1', 'main', 'a subject that goes on and on']];
  expect(toTable(columns, rows, terminal(30))).toBe(
    [
      '\x1b[2mID\x1b[0m  \x1b[2mBRANCH\x1b[0m  \x1b[2mSUBJECT\x1b[0m',
      '1   main    a subject that go…',
      '',
    ].join('\n'),
  );
});

test('a terminal without UTF-8 gets ASCII, one without colours none', () => {
  const rows = [['1', 'café', { text: 'a subject that goes on and on', style: 'red' as const }]];
  expect(toTable(columns, rows, terminal(30, { LANG: 'C', NO_COLOR: '1' }))).toBe(
    ['ID  BRANCH  SUBJECT', '1   caf?    a subject that go~', ''].join('\n'),
  );
});

test('whatever a cell holds, a line is no wider than its terminal and controls nothing', () => {
  const cell = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell)), fc.integer({ min: 20, max: 90 }), (rows, width) => {
      const lines = toTable(columns, rows, terminal(width, { ...utf8, NO_COLOR: '1' })).split('\n');
      expect(lines).toHaveLength(rows.length + 2);
      for (const line of lines) {
        expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(line).not.toMatch(/\p{Cc}/u);
      }
    }),
  );
});
