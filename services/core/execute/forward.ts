import type { Readable } from 'node:stream';
import type { Write } from './engine.ts';

/** Each part is written before the next is read. */
export function forward(stream: Readable, write: Write): { ended: Promise<void>; stop(): void } {
  const ended = (async () => {
    try {
      for await (const part of stream) await write(part as Buffer);
    } catch (error) {
      if (!stream.destroyed) throw error;
    }
  })();
  ended.catch(() => undefined);
  return { ended, stop: () => void stream.destroy() };
}
