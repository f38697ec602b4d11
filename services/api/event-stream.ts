import type { Log } from '../core/log/index.ts';
import { Problem } from './problem.ts';

/** A server-sent event (WHATWG HTML, 9.2). */
export interface Message {
  id?: string;
  event?: string;
  data: unknown;
}

/** How many streams one credential may hold. @throws Problem 429 */
export type StreamSlots = (who: string) => () => void;

/** @param onCount told how many streams are open in all, whenever that changes */
export function createStreamSlots(
  most: number,
  onCount: (open: number) => void = () => undefined,
): StreamSlots {
  const held = new Map<string, number>();
  let all = 0;
  return (who) => {
    const count = held.get(who) ?? 0;
    if (count >= most)
      throw new Problem(429, `${most} streams are open with this credential; close one.`, {
        'retry-after': '5',
      });
    held.set(who, count + 1);
    onCount(++all);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      held.set(who, (held.get(who) ?? 1) - 1);
      onCount(--all);
    };
  };
}

export interface EventStreamOptions {
  /** Yields the messages; ends when the signal aborts. */
  messages(signal: AbortSignal): AsyncIterable<Message>;
  /** Gives back the place of the stream, when it ends. */
  leave(): void;
  stopping: AbortSignal;
  log: Log;
  /** @default 15000 */
  commentMs?: number | undefined;
}

/**
 * Messages as an answer that lasts. They are pulled one by one as the reader takes them, so a reader that
 * reads nothing costs one message; in silence a comment tells that the line is alive.
 */
export function toEventStream(options: EventStreamOptions): Response {
  const { messages, leave, stopping, log, commentMs = 15_000 } = options;
  const gone = new AbortController();
  const signal = AbortSignal.any([stopping, gone.signal]);
  const source = messages(signal)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<Message>> | undefined;

  const body = new ReadableStream<Uint8Array>(
    {
      // Sent at once, with the headers: the reader knows that it was heard.
      start: (controller) => controller.enqueue(encoder.encode(': \n\n')),
      pull: async (controller) => {
        try {
          next ??= source.next();
          const first = await withTimeout(next, commentMs);
          if (first === undefined) return controller.enqueue(encoder.encode(': \n\n'));
          next = undefined;
          if (first.done === true) {
            // Another replica has the rest: soon, and not all readers at once.
            if (stopping.aborted) controller.enqueue(encoder.encode(`retry: ${toRetryMs()}\n\n`));
            leave();
            return controller.close();
          }
          controller.enqueue(encoder.encode(toText(first.value)));
        } catch (error) {
          if (!signal.aborted)
            log.warn({ err: error }, 'an event stream ended early; its reader comes again');
          leave();
          gone.abort();
          controller.close();
        }
      },
      // The source waits for its next message, which the signal ends, or to be asked for one, which this does.
      cancel: async () => {
        leave();
        gone.abort();
        await source.return?.();
      },
    },
    { highWaterMark: 1 },
  );
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Proxies (nginx) would collect it otherwise.
      'x-accel-buffering': 'no',
    },
  });
}

/** JSON has no line breaks, so one `data` line holds it. */
function toText({ id, event, data }: Message): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    `data: ${JSON.stringify(data)}`,
  ];
  return `${lines.join('\n')}\n\n`;
}

const toRetryMs = (): number => Math.round(200 + 800 * Math.random());

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: silence, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([promise, silence]);
  } finally {
    clearTimeout(timer);
  }
}
