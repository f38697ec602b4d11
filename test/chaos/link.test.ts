import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { openLink } from './link.ts';

test('what passes a line keeps its order, also where the line becomes faster meanwhile', async () => {
  const server = createServer((socket) => void socket.on('data', (part) => socket.write(part)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const link = await openLink(() => (typeof address === 'object' ? address?.port : undefined), 'redis');
  const client = connect(link.port, '127.0.0.1');
  await once(client, 'connect');
  let text = '';
  let delayMs = 5;
  const sent = Array.from({ length: 40 }, (_, n) => `${n} `);
  for (const each of sent) {
    link.delayMs = delayMs;
    delayMs = (delayMs + 3) % 6;
    client.write(each);
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (text.length < sent.join('').length) text += String((await once(client, 'data'))[0]);
  expect(text).toBe(sent.join(''));
  client.destroy();
  await link.close();
  await new Promise((resolve) => server.close(resolve));
});
