import { expect, test } from '@jest/globals';
import { PipelineError, parseSecretsFile } from '../../../../services/core/pipeline/index.ts';

test('names are told apart without their case, and values are the text that stands there', () => {
  const text = 'NPM_Token: 0123\nkey: |\n  a\n  b\n';
  expect([...parseSecretsFile(text, 's.yaml')]).toEqual([
    ['npm_token', '0123'],
    ['key', 'a\nb\n'],
  ]);
});

test.each([
  ['- a', 's.yaml:1:1: expected names and values'],
  ['a: x\n1st: hunter2', 's.yaml:2:1: expected a name of letters'],
  ['a: { b: hunter2 }', 's.yaml:1:4: a: expected text as the value'],
  ['a: ""', 's.yaml:1:4: a: expected text as the value'],
  [`a: ${'x'.repeat(131_073)}`, 's.yaml:1:4: the secrets are larger than 128 KiB together'],
])('%# is refused by its place, without its value', (text, message) => {
  const read = () => parseSecretsFile(text, 's.yaml');
  expect(read).toThrow(PipelineError);
  expect(read).toThrow(message);
  expect(read).not.toThrow('hunter2');
});
