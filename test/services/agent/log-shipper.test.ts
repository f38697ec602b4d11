import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLogShipper } from '../../../services/agent/log-shipper.ts';
import type { LogAnswer } from '../../../services/core/job/index.ts';

/** A log as the api keeps it: chunks in order, repeats and gaps noticed. */
function createLog(limit = Number.POSITIVE_INFINITY) {
  const chunks: { step: string; bytes: Buffer }[] = [];
  let isFull = false;
  const append = (n: number, step: string, bytes: Uint8Array, dropped = 0): LogAnswer => {
    const have = chunks.length;
    if (dropped > 0) bytes = Buffer.from(`[${dropped} dropped]`);
    else if (isFull) return { answer: 'full', have };
    if (n <= have) return { answer: 'dup', have };
    if (n > have + 1) return { answer: 'gap', have };
    if (have >= limit && dropped === 0) {
      isFull = true;
      chunks.push({ step, bytes: Buffer.from('[full]') });
      return { answer: 'full', have: n };
    }
    chunks.push({ step, bytes: Buffer.from(bytes) });
    return { answer: 'written', have: n };
  };
  return {
    chunks,
    append,
    forget: () => void chunks.pop(),
    text: () => Buffer.concat(chunks.map(({ bytes }) => bytes)).toString(),
  };
}

test('the first bytes leave at once, the next wait for company', async () => {
  const log = createLog();
  const shipper = createLogShipper({ send: async (...chunk) => log.append(...chunk), intervalMs: 60_000 });
  await shipper.write('build', Buffer.from('first '));
  await shipper.write('build', Buffer.from('second '));
  await shipper.write('build', Buffer.from('third'));
  await shipper.drain();
  expect(log.chunks.map(({ bytes }) => bytes.toString())).toEqual(['first ', 'second third']);
});

test('a chunk holds the bytes of one step, and where several write, whole lines of it', async () => {
  const log = createLog();
  const shipper = createLogShipper({ send: async (...chunk) => log.append(...chunk), intervalMs: 60_000 });
  await shipper.write('a', Buffer.from('first\n'));
  for (const [step, text] of [
    ['a', 'one\nt'],
    ['b', '1\n'],
    ['a', 'wo\n'],
    ['b', '2\n3'],
  ] as const)
    await shipper.write(step, Buffer.from(text));
  await shipper.drain();
  expect(log.chunks.map(({ step, bytes }) => `${step}: ${bytes}`)).toEqual([
    'a: first\n',
    'a: one\ntwo\n',
    'b: 1\n2\n3',
  ]);
});

test('chunks that the api forgot are sent again from where it stands', async () => {
  const log = createLog();
  let lose = true;
  const shipper = createLogShipper({
    chunkBytes: 4,
    send: async (n, step, bytes) => {
      const answer = log.append(n, step, bytes);
      // A failover: the second chunk was answered, and is gone.
      if (n === 2 && lose) {
        lose = false;
        log.forget();
        return { answer: 'gap', have: 1 };
      }
      return answer;
    },
  });
  await shipper.write('build', Buffer.from('0123456789abcdef'));
  await shipper.drain();
  expect(log.text()).toBe('0123456789abcdef');
});

test('a full log is no error: nothing more is sent but, at its end, how much was dropped', async () => {
  const log = createLog(1);
  let calls = 0;
  const shipper = createLogShipper({
    chunkBytes: 4,
    send: async (...chunk) => {
      calls += 1;
      return log.append(...chunk);
    },
  });
  await shipper.write('build', Buffer.from('0123456789'));
  await shipper.write('build', Buffer.alloc(1_000_000));
  await shipper.write('other', Buffer.from('more'));
  await shipper.drain();
  expect(log.text()).toBe('0123[full][1000010 dropped]');
  expect(calls).toBe(3);
  await shipper.drain();
  expect(calls).toBe(3);
});

test.each([
  ['was never written', false, '0123[6 dropped]'],
  ['was written, though its answer was lost', true, '01234567[2 dropped]'],
])('the last word is right also where the chunk that was given up %s', async (_, isWritten, text) => {
  const log = createLog();
  const shipper = createLogShipper({
    chunkBytes: 4,
    send: async (n, step, bytes, dropped) => {
      if (n !== 2 || dropped !== undefined) return log.append(n, step, bytes, dropped);
      if (isWritten) log.append(n, step, bytes);
      return { answer: 'full', have: 1 };
    },
  });
  await shipper.write('build', Buffer.from('0123'));
  await shipper.write('build', Buffer.from('456789'));
  await shipper.drain();
  expect(log.text()).toBe(text);
});

test('a writer waits while too much is on its way', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const shipper = createLogShipper({
    highWaterBytes: 8,
    send: async (n) => {
      await held;
      return { answer: 'written', have: n };
    },
  });
  await shipper.write('build', Buffer.from('1234'));
  await shipper.write('build', Buffer.from('5678'));
  let written = false;
  const flood = shipper.write('build', Buffer.from('9abcdef')).then(() => {
    written = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toBe(false);
  release();
  await flood;
  await shipper.drain();
});

test('a log that is lost for good fails the writer and the drain', async () => {
  const shipper = createLogShipper({ send: () => Promise.reject(new Error('403')) });
  await shipper.write('build', Buffer.from('x'));
  await expect(shipper.drain()).rejects.toThrow('403');
  await expect(shipper.write('build', Buffer.from('y'))).rejects.toThrow('403');
});

test('whatever steps write, however it is cut, arrives in the order of each and complete', async () => {
  const part = fc.record({
    step: fc.constantFrom('a', 'b'),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 30 }),
      fc.integer({ min: 1, max: 16 }),
      async (parts, chunkBytes) => {
        const log = createLog();
        const shipper = createLogShipper({
          chunkBytes,
          intervalMs: 1,
          highWaterBytes: 64,
          send: async (...chunk) => {
            await new Promise((resolve) => setImmediate(resolve));
            return log.append(...chunk);
          },
        });
        for (const { step, bytes } of parts) await shipper.write(step, bytes);
        await shipper.drain();
        for (const step of ['a', 'b'])
          expect(toBytes(log.chunks.filter((chunk) => chunk.step === step))).toEqual(
            toBytes(parts.filter((written) => written.step === step)),
          );
        expect(log.chunks.every(({ bytes }) => bytes.length <= chunkBytes)).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

function toBytes(of: readonly { bytes: Uint8Array }[]): Buffer {
  return Buffer.concat(of.map(({ bytes }) => bytes));
}
