import { expect, test } from '@jest/globals';
import {
  findPipelineFiles,
  toPipelineSchema,
  toWorkflowName,
} from '../../../../services/core/pipeline/index.ts';

test.each([
  [['.bellows.yaml', '.woodpecker.yml', '.woodpecker/a.yml'], ['.bellows.yaml']],
  [
    [
      '.woodpecker/b.yaml',
      '.woodpecker/a.yml',
      '.woodpecker/c.txt',
      '.woodpecker/d/e.yml',
      '.woodpecker.yml',
    ],
    ['.woodpecker/a.yml', '.woodpecker/b.yaml'],
  ],
  [['.woodpecker.yml', '.woodpecker.yaml'], ['.woodpecker.yaml']],
  [['.woodpecker.yml'], ['.woodpecker.yml']],
  [['README.md', 'x/.bellows.yaml'], []],
])('of %j these are pipeline files: %j', (paths, expected) => {
  expect(findPipelineFiles(paths)).toEqual(expected);
});

test('a workflow is called like its file', () => {
  expect(['.bellows.yaml', '.woodpecker/build.and.test.yml', '.woodpecker.yml'].map(toWorkflowName)).toEqual([
    'bellows',
    'build.and.test',
    'woodpecker',
  ]);
});

test('editors get the language as JSON Schema, with numbers and booleans where text is expected', () => {
  const schema = toPipelineSchema();
  expect(schema).toMatchObject({ type: 'object', required: ['steps'], additionalProperties: false });
  expect(JSON.stringify(schema)).toContain('"type":["string","number","boolean"]');
});
