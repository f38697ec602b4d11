import { expect, test } from '@jest/globals';
import { createGate } from '../../../services/api/gate.ts';

test('so many are in at a time, who waits comes in order, and who fails gives its place back', async () => {
  const gate = createGate(2);
  const begun: number[] = [];
  const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const all = ends.map(({ promise }, i) =>
    gate(() => {
      begun.push(i);
      return promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error('failed'));
  await expect(all[1]).rejects.toThrow('failed');
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of ends) resolve();
  await Promise.allSettled(all);
  expect(begun).toEqual([0, 1, 2, 3]);
  expect(await gate(async () => 'again')).toBe('again');
});
