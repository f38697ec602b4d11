import { expect, test } from '@jest/globals';
import { choosePool } from '../../../services/api/choose-pool.ts';
import { parsePools } from '../../../services/api/pools.ts';

const pools = parsePools('amd64=linux/amd64,big=linux/amd64,spark=linux/arm64');

test("a workflow without labels runs in its repository's pool", () => {
  expect(choosePool(undefined, 'big', pools)).toBe('big');
  expect(choosePool({ platform: '*', pool: '' }, 'big', pools)).toBe('big');
});

test('labels name a pool, or what its agents run on; of several the own one, then the first', () => {
  expect(choosePool({ pool: 'spark' }, 'big', pools)).toBe('spark');
  expect(choosePool({ platform: 'linux/arm64' }, 'big', pools)).toBe('spark');
  expect(choosePool({ platform: 'linux/amd64' }, 'big', pools)).toBe('big');
  expect(choosePool({ platform: 'linux/amd64' }, 'spark', pools)).toBe('amd64');
});

test.each([
  [{ pool: 'gpu' }],
  [{ platform: 'windows/amd64' }],
  [{ pool: 'spark', platform: 'linux/amd64' }],
  [{ hostname: 'x' }],
])('%j, which no pool is like, is refused and says what there is', (labels) => {
  expect(() => choosePool(labels, 'big', pools)).toThrow(/spark \(linux\/arm64\)/);
});

test('of a pool that is not told of, nothing is known but its name', () => {
  expect(choosePool({ pool: 'default' }, 'default', new Map())).toBe('default');
  expect(() => choosePool({ platform: 'linux/amd64' }, 'default', new Map())).toThrow('there is default.');
});
