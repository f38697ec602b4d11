import { expect, test } from '@jest/globals';
import { createJobLink } from '../../../services/agent/job-link.ts';
import type { Call, Transport } from '../../../services/core/client/index.ts';

/** The longest that a beat waits for its answer. */
async function waits(leaseMs: number): Promise<number | undefined> {
  let seen: Call | undefined;
  const transport: Transport = {
    call: async (_path, schema, call) => {
      seen = call;
      return schema.parse({ answer: 'ok' });
    },
    open: () => Promise.reject(new Error('not asked for')),
    close: () => undefined,
  };
  const link = createJobLink(transport, { job: '1'.repeat(20), token: 't', leaseMs });
  await link.heartbeat(leaseMs / 3, new AbortController().signal);
  return seen?.timeoutMs;
}

test('a beat that is not answered is given up while the lease has time for another', async () => {
  for (const leaseMs of [300, 3_000, 30_000]) {
    // Renewed as it began; the next one begins when this one is given up, and must arrive within the lease.
    expect(await waits(leaseMs)).toBeLessThanOrEqual(leaseMs / 2);
  }
});
