import { expect, test } from '@jest/globals';
import { repeat } from '../../../services/api/repeat.ts';
import { createLog } from '../../../services/core/log/index.ts';

test('what fails is tried again, until the signal aborts', async () => {
  const stop = new AbortController();
  let times = 0;
  const action = async () => {
    times += 1;
    if (times < 3) throw new Error('not yet');
    if (times === 4) stop.abort();
  };
  await repeat('it', 1, action, { log: createLog('test', 'silent'), signal: stop.signal });
  expect(times).toBe(4);
});
