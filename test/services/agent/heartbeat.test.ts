import { expect, test } from '@jest/globals';
import { keepAlive } from '../../../services/agent/heartbeat.ts';
import { untilAnswered } from '../../../services/agent/patience.ts';
import { ApiError, UnreachableError } from '../../../services/core/client/index.ts';
import type { HeartbeatAnswer } from '../../../services/core/job/index.ts';

type Answer = HeartbeatAnswer['answer'] | Error;

/** Answers in turn; then holds the heartbeat open until it is aborted. */
function createLink(answers: Answer[]) {
  const waits: number[] = [];
  return {
    waits,
    heartbeat: async (waitMs: number, signal: AbortSignal): Promise<HeartbeatAnswer> => {
      waits.push(waitMs);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      if (answer !== undefined) return { answer };
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      });
    },
  };
}

test.each(['cancel', 'lost'] as const)('a heartbeat answered %s ends the claim', async (verdict) => {
  const link = createLink(['ok', 'ok', verdict]);
  expect(await keepAlive(link, 300, new AbortController().signal)).toBe(verdict);
  expect(link.waits).toEqual([100, 100, 100]);
});

test.each([401, 403, 404, 409])('a token refused with %i means that the job is lost', async (status) => {
  const link = createLink([new ApiError(status, 'no')]);
  expect(await keepAlive(link, 300, new AbortController().signal)).toBe('lost');
});

test('an api that is away does not end the build', async () => {
  const away = [new UnreachableError('refused'), new ApiError(503, 'busy'), new UnreachableError('reset')];
  expect(await keepAlive(createLink([...away, 'cancel']), 30, new AbortController().signal)).toBe('cancel');
});

test('an abort ends a heartbeat that is held open, without a verdict', async () => {
  const abort = new AbortController();
  const alive = keepAlive(createLink([]), 300, abort.signal);
  abort.abort();
  expect(await alive).toBeUndefined();
});

test('what the api refuses is not asked again', async () => {
  let calls = 0;
  const refused = untilAnswered(async () => {
    calls += 1;
    throw new ApiError(400, 'bad');
  });
  await expect(refused).rejects.toThrow('bad');
  expect(calls).toBe(1);
});

test('an abort ends the wait for an api that is away, with its last error', async () => {
  const abort = new AbortController();
  const asked = untilAnswered(
    async () => {
      setImmediate(() => abort.abort());
      throw new UnreachableError('refused');
    },
    { firstMs: 60_000, signal: abort.signal },
  );
  await expect(asked).rejects.toThrow('refused');
});
