import { unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { isNativeError } from 'node:util/types';

/**
 * Holds a data folder for one `up`: a socket that is answered while its holder lives, so that a file
 * left by a `kill -9` never locks anybody out.
 *
 * @returns a function that lets go
 * @throws when another one lives
 */
export async function holdFolder(socket: string, data: string): Promise<() => Promise<void>> {
  const server = createServer((client) => client.destroy());
  try {
    await listen(server, socket);
  } catch (error) {
    if (!isCode(error, 'EADDRINUSE')) throw error;
    if (await isAnswered(socket))
      throw new Error(
        `Bellows is already up for ${data}. Watch it: ./bellows tui. Another one beside it needs its own --data and --port.`,
      );
    await unlink(socket);
    await listen(server, socket);
  }
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function listen(server: Server, socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** True where somebody accepts connections. */
export function isAnswered(address: string | number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof address === 'string' ? connect(address) : connect(address, '127.0.0.1');
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(2000, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

function isCode(error: unknown, code: string): boolean {
  return isNativeError(error) && 'code' in error && error.code === code;
}
