import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One kept-alive connection, one request at a time: as little of the machine as can be for who is not measured. */
export interface HttpLine {
  socket: Socket;
  /** @returns the status; 0 when the server hung up */
  send(request: Buffer | string): Promise<number>;
  close(): void;
}

export async function openHttpLine(port: number): Promise<HttpLine> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  let answered: PromiseWithResolvers<number> | undefined;
  let text = '';
  socket.on('data', (part) => {
    text += part.toString('latin1');
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < head + 4 + length) return;
    const status = Number(text.slice(9, 12));
    text = '';
    answered?.resolve(status);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => answered?.resolve(0));
  return {
    socket,
    send(request) {
      answered = Promise.withResolvers();
      if (socket.destroyed) answered.resolve(0);
      else socket.write(request);
      return answered.promise;
    },
    close: () => socket.destroy(),
  };
}

export async function openHttpLines(port: number, count: number): Promise<HttpLine[]> {
  return Promise.all(Array.from({ length: count }, () => openHttpLine(port)));
}

export interface Answer {
  status: number;
  ms: number;
}

/**
 * Sends at a steady pace, whether the answers come or not; a request that finds no free line waits for one, and
 * that counts as its own time.
 */
export async function sendSteadily(
  port: number,
  perSecond: number,
  requests: readonly (Buffer | string)[],
): Promise<Answer[]> {
  const free = await openHttpLines(port, 32);
  const waiting: ((line: HttpLine) => void)[] = [];
  const lines = [...free];
  const take = () => {
    // The one that waited longest: the server lets go of who says nothing for a while.
    const line = free.shift();
    return line === undefined ? new Promise<HttpLine>((resolve) => waiting.push(resolve)) : line;
  };
  const started = performance.now();
  const answers: Promise<Answer>[] = [];
  for (const [n, request] of requests.entries()) {
    const due = started + (n * 1000) / perSecond;
    const early = due - performance.now();
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
    answers.push(
      (async () => {
        const line = await take();
        const status = await line.send(request);
        const next = waiting.shift();
        if (next === undefined) free.push(line);
        else next(line);
        return { status, ms: performance.now() - due };
      })(),
    );
  }
  const all = await Promise.all(answers);
  for (const line of lines) line.close();
  return all;
}
