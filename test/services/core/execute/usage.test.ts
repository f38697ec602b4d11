import { spawn } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { readMemory, watchMemory } from '../../../../services/core/execute/usage.ts';
import { until } from '../../../support/until.ts';

test('memory is that of a process and all below it, what they share counted once', async () => {
  const eat = 'head -c 30000000 /dev/zero | tail -c 30000000 | sleep 1000';
  const child = spawn('sh', ['-c', `${eat} & ${eat}; wait`], { detached: true, stdio: 'ignore' });
  const { pid = 0 } = child;
  const watch = watchMemory(pid);
  try {
    await until(() => (readMemory(pid) ?? 0) > 50_000_000);
    expect(readMemory(pid)).toBeLessThan(150_000_000);
  } finally {
    process.kill(-pid, 'SIGKILL');
    watch.stop();
  }
  await until(() => readMemory(pid) === undefined);
});

test('who is gone before anybody looked has no peak', () => {
  expect(watchMemory(2 ** 22 + 1).stop()).toBeUndefined();
});
