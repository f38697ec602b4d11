import { expect, test } from '@jest/globals';
import { toCommandReference } from '../../../services/cli/reference.ts';

test('the reference has a section for each command, also those within another', async () => {
  const page = await toCommandReference({ up: 'Usage: bellows up [options]\n' });
  const titles = page.match(/^#{2,3} bellows .*$/gm);
  for (const title of ['## bellows jobs', '## bellows repo', '### bellows repo add', '## bellows up'])
    expect(titles).toContain(title);
  const links = [...page.matchAll(/\]\(#([a-z-]+)\)/g)].map(([, anchor]) => anchor);
  const anchors = titles?.map((title) => title.replace(/^#+ /, '').replaceAll(' ', '-'));
  expect(links.filter((link) => anchors?.includes(link ?? '') !== true)).toEqual([]);
});

test('a program of its own stands with its own words', async () => {
  const page = await toCommandReference({ up: 'Usage: bellows up [options]\n' });
  expect(page).toContain('```text\nUsage: bellows up [options]\n```');
  expect(page).toContain('`./bellows tui --help` lists its options.');
});

test('no cell of a table is cut by what it says', async () => {
  const page = await toCommandReference();
  const tables = page.split('\n\n').filter((block) => block.startsWith('| '));
  expect(tables.length).toBeGreaterThan(10);
  for (const table of tables) {
    const bars = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
    expect(new Set(bars).size).toBe(1);
  }
});
