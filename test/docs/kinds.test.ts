import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { artifactLimits } from '../../services/core/job/index.ts';
import { parsePipeline } from '../../services/core/pipeline/index.ts';

const guides = join(import.meta.dirname, '..', '..', 'docs/guides');
const read = (name: string) => readFileSync(join(guides, `${name}.md`), 'utf8');
const blocks = (text: string) => [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => yaml);

test.each(['artifacts', 'images', 'reports'])('the guide of %s shows a file that is understood', (name) => {
  const [yaml = '', ...others] = blocks(read(name));
  expect(others).toEqual([]);
  const [plan] = parsePipeline(yaml, '.bellows.yaml', { CI_COMMIT_SHA: 'a'.repeat(40) });
  expect(plan.steps.at(-1)?.kind).toBe(name.replace(/^image.*/, 'image'));
});

test('the guide of artifacts says the limits that hold', () => {
  expect(read('artifacts')).toContain(`| files of a job | | ${artifactLimits.files} |`);
});
