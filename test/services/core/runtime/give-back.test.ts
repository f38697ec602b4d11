import { expect, test } from '@jest/globals';
import { giveBackMemory } from '../../../../services/core/runtime/index.ts';
import { until } from '../../../support/until.ts';

const mebibyte = 1024 * 1024;

test('what a process took is collected once it rests, and not again while it takes nothing more', async () => {
  let bytes = 80 * mebibyte;
  let looks = 0;
  let collections = 0;
  const held = () => {
    looks++;
    return bytes;
  };
  const stop = giveBackMemory({ everyMs: 5, held, collect: () => collections++ });
  try {
    await until(() => looks >= 10 || undefined);
    expect(collections).toBe(1);
    bytes += 32 * mebibyte;
    await until(() => collections === 2 || undefined);
    bytes += mebibyte;
    const seen = looks;
    await until(() => looks >= seen + 10 || undefined);
    expect(collections).toBe(2);
  } finally {
    stop();
  }
});

test('a process that is at work is left alone', async () => {
  let collections = 0;
  const stop = giveBackMemory({ everyMs: 1, collect: () => collections++ });
  try {
    for (let turn = 0; turn < 20; turn++) {
      const end = performance.now() + 5;
      while (performance.now() < end);
      await new Promise(setImmediate);
    }
    expect(collections).toBe(0);
  } finally {
    stop();
  }
});

test('without --expose-gc there is nothing to be done', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  giveBackMemory({ collect: undefined })();
  giveBackMemory()();
  expect(timers()).toBe(before);
});
