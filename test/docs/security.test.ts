import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { quote, readTable } from '../defences/table.ts';

const root = join(import.meta.dirname, '..', '..');
const { rows, page } = readTable();

test('the table of defences is read whole', () => {
  expect(rows.length).toBe(page.split('.test.ts` |').length - 1);
  expect(rows.length).toBeGreaterThan(40);
  expect(new Set(rows.map(({ defence }) => defence)).size).toBe(rows.length);
});

test.each(rows)('the test of the defence "$defence" is there, under its title', ({ file, title }) => {
  const text = readFileSync(join(root, file), 'utf8');
  expect(text).toMatch(new RegExp(`\\(\\s*['"\`]${quote(title)}`));
});
