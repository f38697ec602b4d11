import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { requireNobody, toFirstStepUid } from '../../../../services/local/spawner/step-users.ts';

test('each data folder has step users of its own, out of the range that is kept free of accounts', () => {
  expect(toFirstStepUid('/home/ann/a')).toBe(toFirstStepUid('/home/ann/a'));
  expect(toFirstStepUid('/home/ann/a')).not.toBe(toFirstStepUid('/home/ann/b'));
  fc.assert(
    fc.property(fc.string(), (data) => {
      const first = toFirstStepUid(data);
      expect(first).toBeGreaterThanOrEqual(30_000);
      expect(first + 63).toBeLessThan(60_000);
    }),
  );
});

test('an account is never used for steps', async () => {
  await expect(requireNobody([59_321, 0])).rejects.toThrow(
    /as user 0, .* of root; .*BELLOWS_STEP_UIDS.*2 free/,
  );
  await requireNobody([59_321]);
});
