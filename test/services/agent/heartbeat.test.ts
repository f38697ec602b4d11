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

/** Keeps a claim alive against these answers, and tells what was heard. */
async function keep(answers: Answer[], { leaseMs = 30, until = 'lost' } = {}) {
  const link = createLink(answers);
  const heard: string[] = [];
  const abort = new AbortController();
  const hear = (what: string) => {
    heard.push(what);
    if (what === until) abort.abort();
  };
  const events = { onHeard: () => undefined, onCancel: () => hear('cancel'), onLost: () => hear('lost') };
  await keepAlive(link, leaseMs, events, abort.signal);
  return { heard, waits: link.waits };
}

test('a claim that is lost ends its heartbeat', async () => {
  expect(await keep(['ok', 'ok', 'lost'])).toEqual({ heard: ['lost'], waits: [10, 10, 10] });
});

test('a cancel is heard once, and the claim is kept while the build ends', async () => {
  expect(await keep(['ok', 'cancel', 'cancel', 'lost'])).toEqual({
    heard: ['cancel', 'lost'],
    waits: [10, 10, 0, 0],
  });
});

test.each([401, 403, 404, 409])('a token refused with %i means that the job is lost', async (status) => {
  expect((await keep([new ApiError(status, 'no')])).heard).toEqual(['lost']);
});

test('an api that is away does not end the build', async () => {
  const away = [new UnreachableError('refused'), new ApiError(503, 'busy'), new UnreachableError('reset')];
  expect((await keep([...away, 'cancel'], { until: 'cancel' })).heard).toEqual(['cancel']);
});

test('the claim is as old as the heartbeat that was answered, not as its answer', async () => {
  const sent: number[] = [];
  const heard: number[] = [];
  const answers = [new UnreachableError('reset'), 'ok', 'lost'] as const;
  const link = {
    heartbeat: async (): Promise<HeartbeatAnswer> => {
      sent.push(performance.now());
      const answer = answers[sent.length - 1];
      if (answer instanceof Error || answer === undefined) throw answer;
      return { answer };
    },
  };
  const events = { onHeard: (at: number) => heard.push(at), onCancel: () => 0, onLost: () => 0 };
  await keepAlive(link, 30, events, new AbortController().signal);
  expect(heard).toHaveLength(1);
  expect(heard[0]).toBeLessThanOrEqual(sent[1] ?? 0);
  expect(heard[0]).toBeGreaterThan(sent[0] ?? 0);
});

test('no heartbeat is asked to wait for longer than the api waits', async () => {
  expect((await keep(['cancel'], { leaseMs: 600_000, until: 'cancel' })).waits).toEqual([10_000]);
});

test('an abort ends a heartbeat that is held open, and nothing is heard', async () => {
  const abort = new AbortController();
  const heard: string[] = [];
  const events = {
    onHeard: () => heard.push('heard'),
    onCancel: () => heard.push('cancel'),
    onLost: () => heard.push('lost'),
  };
  const alive = keepAlive(createLink([]), 300, events, abort.signal);
  abort.abort();
  await alive;
  expect(heard).toEqual([]);
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
