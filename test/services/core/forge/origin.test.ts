import { expect, test } from '@jest/globals';
import { originSchema } from '../../../../services/core/forge/index.ts';

test('an origin is a scheme, a host, and at most a folder', () => {
  expect(originSchema.parse('http://127.0.0.1:7441/')).toBe('http://127.0.0.1:7441');
  expect(originSchema.parse('https://git.example/forge')).toBe('https://git.example/forge');
  for (const wrong of [
    'file:///etc',
    'ext::sh',
    'https://u:p@git.example',
    'https://git.example?x=1',
    'nowhere',
  ])
    expect(originSchema.safeParse(wrong).success).toBe(false);
});
