import { afterEach, expect, test } from '@jest/globals';
import { createGate, type Gate, HeldError } from '../../../../services/local/git-remote/gate.ts';

let gate: Gate | undefined;
afterEach(() => gate?.stop());

/** A repair that the test lets succeed. */
function createRepair() {
  const calls: (string | undefined)[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let onCall: (() => void) | undefined;
  return {
    calls,
    repair: (repository: string | undefined) =>
      new Promise<void>((resolve, reject) => {
        calls.push(repository);
        waiting.push({ resolve, reject });
        onCall?.();
      }),
    next: (outcome: 'resolve' | 'reject') => waiting.shift()?.[outcome](new Error('the api is away')),
    untilCalls: (count: number) =>
      new Promise<void>((resolve) => {
        onCall = () => calls.length >= count && resolve();
        onCall();
      }),
  };
}

test('no push moves a ref before the first repair of all has succeeded, however often it fails', async () => {
  const repairs = createRepair();
  gate = createGate({ repair: repairs.repair });
  let entered = false;
  const entering = gate.enter('a/b').then(() => {
    entered = true;
  });
  repairs.next('reject');
  await repairs.untilCalls(2);
  expect(entered).toBe(false);
  expect(gate.isClean('a/b')).toBe(false);
  repairs.next('resolve');
  await entering;
  expect(repairs.calls).toEqual([undefined, undefined]);
});

test('pushes to one repository go one after the other, and those to others are not held', async () => {
  gate = createGate({ repair: async () => undefined });
  const order: string[] = [];
  await gate.enter('a/b');
  const second = gate.enter('a/b').then(() => order.push('second'));
  const third = gate.enter('a/b').then(() => order.push('third'));
  await gate.enter('a/other');
  order.push('other');
  gate.leave('a/b', true);
  await second;
  gate.leave('a/b', true);
  await third;
  expect(order).toEqual(['other', 'second', 'third']);
});

test('after an undelivered movement the next push waits until the repository is repaired', async () => {
  const repairs = createRepair();
  gate = createGate({ repair: repairs.repair });
  repairs.next('resolve');
  await gate.enter('a/b');
  gate.leave('a/b', false);
  expect(gate.isClean('a/b')).toBe(false);
  const next = gate.enter('a/b');
  repairs.next('reject');
  await repairs.untilCalls(3);
  repairs.next('resolve');
  await next;
  expect(repairs.calls).toEqual([undefined, 'a/b', 'a/b']);
  expect(gate.isClean('a/b')).toBe(true);
});

test('a push that has to wait too long is refused, and says why', async () => {
  gate = createGate({ repair: () => new Promise(() => undefined), holdMs: 1 });
  await expect(gate.enter('a/b')).rejects.toThrow(HeldError);
  await expect(gate.enter('a/b')).rejects.toThrow(/an earlier push is not yet in the queue.*push again/);
});

test('a push that waits behind another one is told so', async () => {
  gate = createGate({ repair: async () => undefined, holdMs: 20 });
  await gate.enter('a/b');
  await expect(gate.enter('a/b')).rejects.toThrow(/another push to it is still under way/);
});

test('a gate that is stopped sends away whoever waits, and whoever comes', async () => {
  gate = createGate({ repair: async () => undefined });
  await gate.enter('a/b');
  const second = gate.enter('a/b');
  gate.stop();
  await expect(second).rejects.toThrow(/Bellows is ending/);
  await expect(gate.enter('a/b')).rejects.toThrow(/Bellows is ending/);
});
