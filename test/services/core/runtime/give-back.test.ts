import { expect, test } from '@jest/globals';
import { giveBackMemory } from '../../../../services/core/runtime/index.ts';
import { until } from '../../../support/until.ts';

const own = process.memoryUsage.rss();

test('what a process took is collected once it rests, and not again while it takes nothing more', async () => {
  const collected: number[] = [];
  const stop = giveBackMemory({ everyMs: 5, collect: () => collected.push(process.memoryUsage.rss()) });
  try {
    await until(() => collected.length > 0 || undefined);
    const held = Buffer.alloc(32 * 1024 * 1024, 1);
    await until(() => collected.some((rss) => rss > own + held.length / 2) || undefined);
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
