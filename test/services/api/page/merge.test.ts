import { expect, test } from '@jest/globals';
import { merge } from '../../../../services/api/page/merge.ts';

async function* count(name: string, to: number, failing = false) {
  for (let i = 1; i <= to; i++) yield `${name}${i}`;
  if (failing) throw new Error(`${name} failed`);
}

test('all that each source yields comes, in that source’s order', async () => {
  const seen = [];
  for await (const item of merge(count('a', 3), count('b', 1), count('c', 0))) seen.push(item);
  expect(seen.filter((item) => item.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
  expect(seen.sort()).toEqual(['a1', 'a2', 'a3', 'b1']);
});

test('the failure of one is the failure of all', async () => {
  const run = async () => {
    for await (const _ of merge(count('a', 1, true), count('b', 1, true)));
  };
  await expect(run()).rejects.toThrow('failed');
});
