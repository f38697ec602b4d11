import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { catalogue, elsewhere } from './catalogue.ts';

const root = join(import.meta.dirname, '..', '..');
const toPattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
/** Titles as they stand in the file, whatever their quotes. */
const isThere = ([file, title]: readonly [string, string]) =>
  new RegExp(`\\b(?:test|it)(?:\\.each\\([^)]*\\))?\\(\\s*['"\`]${toPattern(title)}`).test(
    readFileSync(join(root, file), 'utf8'),
  );

test('each fault from 1 to 64 is injected, held by a test, or said to need a cluster; none twice', () => {
  const here = new Set(catalogue.map(({ number }) => number));
  const others = elsewhere.map(({ number }) => number);
  expect([...here, ...others].sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, n) => n + 1));
  expect(new Set(catalogue.map(({ title }) => title)).size).toBe(catalogue.length);
});

test('a test that holds a fault is there, and each fault that is not here says why or which', () => {
  expect(elsewhere.flatMap(({ tests = [] }) => tests).filter((each) => !isThere(each))).toEqual([]);
  expect(elsewhere.filter(({ why, tests = [] }) => (why === undefined) === (tests.length === 0))).toEqual([]);
});

test('each line of what works while something is away names a test that is there', () => {
  const text = readFileSync(join(root, 'docs/operations/outages.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| away '));
  const named = [...text.matchAll(/\[([^\]]+)\]\(\.\.\/\.\.\/(test\/[^)]+)\)/g)].map(
    ([, title = '', file = '']) => [file, title] as const,
  );
  expect(rows.length).toBeGreaterThanOrEqual(7);
  expect(rows.filter((row) => !/\]\(\.\.\/\.\.\/test\/|needs a cluster/.test(row))).toEqual([]);
  expect(named.filter((each) => !isThere(each))).toEqual([]);
});
