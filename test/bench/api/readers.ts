import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from '../../support/until.ts';
import { openHttpLine } from './http-line.ts';
import { sendAll } from './throughput.ts';
import { toWebhook } from './webhook.ts';
import { type Api, openApi, readMemory } from './world.ts';

/** A credential holds this many streams. */
const perToken = 200;

/** Many readers of the events: when the last has one event, and what one costs, that reads or never does. */
export async function measureReaders(count: number, absent: number, events: number, seed: number) {
  const api = await openApi();
  const sockets: Socket[] = [];
  try {
    await sendAll(
      api.port,
      Array.from({ length: 1000 }, (_, n) => toWebhook(api.port, seed, n)),
    );
    const before = await readMemory(api.pid);
    const readers = await openReaders(api, 'readers', count);
    sockets.push(...readers.map(({ socket }) => socket));
    const open = await readMemory(api.pid);

    const line = await openHttpLine(api.port);
    const delays = [];
    for (let n = 0; n < 10; n++) {
      const seen = readers.map((reader) => reader.events);
      const started = performance.now();
      await line.send(toWebhook(api.port, seed, 2000 + n));
      const answered = performance.now() - started;
      await until(() => readers.every((reader, i) => reader.events > (seen[i] ?? 0)));
      const last = Math.max(...readers.map((reader) => reader.lastAt)) - started;
      delays.push({ answered, last });
    }
    line.close();
    for (const { socket } of readers) socket.destroy();

    const away = await openReaders(api, 'absent', absent);
    sockets.push(...away.map(({ socket }) => socket));
    for (const { socket } of away) socket.pause();
    const quiet = await readMemory(api.pid);
    await sendAll(
      api.port,
      Array.from({ length: events }, (_, n) => toWebhook(api.port, seed, 3000 + n)),
    );
    const flooded = await readMemory(api.pid);
    return { before, open, delays, quiet, flooded };
  } finally {
    for (const socket of sockets) socket.destroy();
    await api.stop();
  }
}

interface Reader {
  socket: Socket;
  events: number;
  lastAt: number;
}

async function openReaders(api: Api, name: string, count: number): Promise<Reader[]> {
  const readers: Reader[] = [];
  for (let n = 0; n < count; n += perToken) {
    const token = await api.createToken(`${name}-${n}`);
    const few = Math.min(perToken, count - n);
    readers.push(...(await Promise.all(Array.from({ length: few }, () => openReader(api.port, token)))));
  }
  return readers;
}

/** Returns when the api has heard it. */
async function openReader(port: number, token: string): Promise<Reader> {
  const socket = connect(port, '127.0.0.1');
  const reader = { socket, events: 0, lastAt: 0 };
  await once(socket, 'connect');
  const heard = Promise.withResolvers<void>();
  let text = '';
  socket.on('data', (part) => {
    text += part.toString('latin1');
    if (!text.startsWith('HTTP/1.1 200')) heard.reject(new Error(`no stream: ${text.slice(0, 200)}`));
    const found = text.split('\nevent: job').length - 1;
    if (found > 0) {
      reader.events += found;
      reader.lastAt = performance.now();
    }
    if (text.includes(': \n\n')) heard.resolve();
    text = 'HTTP/1.1 200';
  });
  socket.on('error', heard.reject);
  socket.write(
    `GET /api/v1/events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\n\r\n`,
  );
  await heard.promise;
  return reader;
}
