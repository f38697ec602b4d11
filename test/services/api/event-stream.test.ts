import { expect, test } from '@jest/globals';
import { type Message, toEventStream } from '../../../services/api/event-stream.ts';
import { createLog } from '../../../services/core/log/index.ts';

const log = createLog('test', 'silent');
const toStream = (
  messages: (signal: AbortSignal) => AsyncIterable<Message>,
  stopping = new AbortController(),
) => toEventStream({ messages, stopping: stopping.signal, log, leave: () => undefined });

test('a message is written as the standard has it, and a line break cannot end it', async () => {
  const response = toStream(async function* () {
    yield { id: '1-0', event: 'job', data: { text: 'a\n\ndata: b\r' } };
    yield { data: 1 };
  });
  expect(await response.text()).toBe(
    ': \n\nid: 1-0\nevent: job\ndata: {"text":"a\\n\\ndata: b\\r"}\n\ndata: 1\n\n',
  );
});

test('a source that fails ends the stream, and its reader comes again', async () => {
  const response = toStream(async function* () {
    yield { data: 1 };
    throw new Error('Redis went away');
  });
  expect(await response.text()).toBe(': \n\ndata: 1\n\n');
});

test.each([1, 2, 3])(
  'a reader that hangs up after %i parts ends the source, wherever it is',
  async (parts) => {
    let open = false;
    const { body } = toStream(async function* (signal) {
      open = true;
      try {
        yield { data: 1 };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      } finally {
        open = false;
      }
    });
    const reader = body?.getReader();
    for (let i = 1; i < parts; i++) await reader?.read();
    await reader?.cancel();
    expect(open).toBe(false);
  },
);

test('a stream that the api ends as it stops tells its reader to come again soon', async () => {
  const stopping = new AbortController();
  const response = toStream(async function* (signal) {
    yield { data: 1 };
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }, stopping);
  const text = response.text();
  stopping.abort();
  expect(await text).toMatch(/^: \n\n(?:data: 1\n\n)?retry: \d{3,4}\n\n$/);
});
