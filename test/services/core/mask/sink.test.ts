import { expect, test } from '@jest/globals';
import { maskSink } from '../../../../services/core/mask/index.ts';

/** What the sink behind the mask was told, in order. */
function createTold() {
  const told: string[] = [];
  return {
    told,
    sink: {
      write: (step: string, bytes: Uint8Array) => void told.push(`${step}: ${Buffer.from(bytes)}`),
      step: ({ name, state }: { name: string; state: string }) => void told.push(`${name} ${state}`),
    },
  };
}

test('what a step has begun is told before its end', async () => {
  const { told, sink } = createTold();
  const masked = maskSink(new Map([['token', 'abcdef']]), sink);
  await masked.step({ name: 'one', state: 'running' });
  await masked.write('one', Buffer.from('x abc'));
  await masked.write('one', Buffer.from('def abc'));
  await masked.step({ name: 'one', state: 'success' });
  await masked.write('two', Buffer.from('abc'));
  await masked.write('three', Buffer.from('def'));
  await masked.close();
  expect(told).toEqual([
    'one running',
    'one: x ',
    'one: *** ',
    'one: abc',
    'one success',
    'three: def',
    'two: abc',
  ]);
});

test('a secret is found in what a step writes while another writes, too', async () => {
  const { told, sink } = createTold();
  const masked = maskSink(new Map([['token', 'abcdef']]), sink);
  for (const text of ['ab', 'cd', 'ef\n'])
    for (const step of ['one', 'two']) await masked.write(step, Buffer.from(text));
  await masked.close();
  expect(told).toEqual(['one: ***\n', 'two: ***\n']);
});

test('the reason of an end is masked, and an end without one stays as it is', () => {
  const { sink } = createTold();
  const masked = maskSink(new Map([['token', 'abcdef']]), sink);
  expect(masked.maskEnd({ outcome: 'skipped', reason: 'no abcdef' })).toEqual({
    outcome: 'skipped',
    reason: 'no ***',
  });
  expect(masked.maskEnd({ outcome: 'success' })).toEqual({ outcome: 'success' });
});
