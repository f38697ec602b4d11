import { expect, test } from '@jest/globals';
import { toBytes } from '../../../charts/constructs/size.ts';

test('a size is read in binary units, and nothing else is a size', () => {
  expect(toBytes('512Mi')).toBe(536_870_912);
  expect(toBytes('4Gi')).toBe(4_294_967_296);
  expect(() => toBytes('4GB')).toThrow('4GB is not a size');
});
