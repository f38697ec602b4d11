import { createParser } from 'eventsource-parser';
import type { Call, Transport } from './transport.ts';

export interface ServerSentEvent {
  id?: string | undefined;
  event?: string | undefined;
  data: string;
}

/**
 * One connection's events (WHATWG server-sent events); ends when the api ends it or the signal aborts.
 *
 * @param onHeard called when the api has accepted, and again with whatever it sends, comments included:
 * what is known is as old as the last call.
 */
export async function* readEvents(
  transport: Transport,
  path: string,
  call: Call = {},
  onHeard: () => void = () => undefined,
): AsyncGenerator<ServerSentEvent> {
  const response = await transport.open(path, {
    timeoutMs: 40_000, // the api sends a comment every 15 s
    ...call,
    headers: { accept: 'text/event-stream', ...call.headers },
  });
  onHeard();
  const waiting: ServerSentEvent[] = [];
  const parser = createParser({ onEvent: (event) => waiting.push(event) });
  const decoder = new TextDecoder();
  for await (const part of response) {
    onHeard();
    parser.feed(decoder.decode(part as Buffer, { stream: true }));
    yield* waiting.splice(0);
  }
}
