import { expect, test } from '@jest/globals';
import { toId } from '../../../../services/core/job/index.ts';

test('parts that join to the same text make different ids', () => {
  expect(toId('a', 'bc')).not.toBe(toId('ab', 'c'));
  expect(toId('a', 1)).not.toBe(toId('a', '1'));
});

test('an id is 20 hex digits and always the same', () => {
  expect(toId('push', 'refs/heads/main')).toMatch(/^[0-9a-f]{20}$/);
  expect(toId('push', 'refs/heads/main')).toBe(toId('push', 'refs/heads/main'));
});
