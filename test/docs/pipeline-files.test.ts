import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { jobEvents } from '../../services/core/job/index.ts';
import { limits, parsePipeline } from '../../services/core/pipeline/index.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (name: string) => readFileSync(join(root, 'docs/guides', name), 'utf8');
const guide = read('pipeline-files.md');
const blocks = (text: string) => [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);

const shown = [guide, read('caches.md')].flatMap(blocks).filter((yaml) => yaml.includes('steps:'));
test.each(shown.map((yaml) => [yaml]))('the guides show a file that is understood: %j', (yaml) => {
  expect(
    parsePipeline(yaml, '.bellows.yaml', { CI_COMMIT_SHA: 'a'.repeat(40) })[0].steps.length,
  ).toBeGreaterThan(0);
});

test('the README shows a file that is understood', () => {
  const [yaml = ''] = blocks(readFileSync(join(root, 'README.md'), 'utf8'));
  expect(parsePipeline(yaml, '.bellows.yaml')[0].steps.map(({ name }) => name)).toEqual(['test', 'publish']);
});

test('the guide tells the error that a slip of the finger gets', () => {
  const slip = 'steps:\n  - name: test\n    comands: make\n';
  let message = '';
  try {
    parsePipeline(slip, '.bellows.yaml');
  } catch (error) {
    message = String((error as Error).message);
  }
  expect(message).not.toBe('');
  expect(guide).toContain(message);
});

test('the guide names every event and limit', () => {
  for (const event of jobEvents) expect(guide).toContain(`\`${event}\``);
  expect(guide).toContain(`${limits.bytes / 1024} KiB`);
  expect(guide).toContain(`${limits.depth} levels, ${limits.aliases} aliases`);
});
