import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'operations', 'security.md'), 'utf8');
const rows = [
  ...page.matchAll(/^\| (?<defence>[^|]+) \| [^|]+ \| `(?<file>[^`]+\.test\.ts)` \| (?<title>[^|]+) \|$/gm),
].map(({ groups }) => ({
  defence: groups?.defence ?? '',
  file: groups?.file ?? '',
  title: groups?.title ?? '',
}));

test('the table of defences is read whole', () => {
  expect(rows.length).toBe(page.split('.test.ts` |').length - 1);
  expect(rows.length).toBeGreaterThan(40);
  expect(new Set(rows.map(({ defence }) => defence)).size).toBe(rows.length);
});

test.each(rows)('the test of the defence "$defence" is there, under its title', ({ file, title }) => {
  const text = readFileSync(join(root, 'test', file), 'utf8');
  const quoted = title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  expect(text).toMatch(new RegExp(`\\(\\s*['"\`]${quoted}`));
});
