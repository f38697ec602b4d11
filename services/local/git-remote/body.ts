import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export interface BodyLimits {
  /** Without a byte from the client, milliseconds. */
  idleMs: number;
  /** Of the body as it arrives, and as it is unpacked. */
  maxBytes: number;
}

/** The client sent too much, nothing for too long, or something that is not what it says. */
export class BodyError extends Error {
  override name = 'BodyError';
  readonly status: 400 | 408 | 413;
  constructor(status: 400 | 408 | 413, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Hands a request's body on as it comes, however long that takes: a limit on its whole time would end a
 * large push over a slow line, a limit on silence ends only what has died.
 *
 * @throws BodyError
 */
export async function passBody(request: IncomingMessage, to: Writable, limits: BodyLimits): Promise<void> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new BodyError(
      400,
      `the body's encoding ${JSON.stringify(encoding.slice(0, 50))} is not known; expected gzip or none`,
    );
  if (Number(request.headers['content-length'] ?? 0) > limits.maxBytes) throw tooLarge(limits);
  const counted = (async function* () {
    const parts = (request as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    let bytes = 0;
    for (;;) {
      const next = await within(parts.next(), limits.idleMs);
      if (next.done === true) return;
      bytes += next.value.length;
      if (bytes > limits.maxBytes) throw tooLarge(limits);
      // While git is the slow one, the client may be silent: nobody waits for it here.
      yield next.value;
    }
  })();
  await write(encoding === 'identity' ? counted : gunzip(counted), to, limits);
  to.end();
}

async function within<T>(part: Promise<T>, idleMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BodyError(408, `nothing came for ${idleMs / 1000} s`)), idleMs);
  });
  try {
    return await Promise.race([part, silence]);
  } finally {
    clearTimeout(timer);
  }
}

async function write(parts: AsyncIterable<Buffer>, to: Writable, limits: BodyLimits): Promise<void> {
  let bytes = 0;
  for await (const part of parts) {
    bytes += part.length;
    if (bytes > limits.maxBytes) throw tooLarge(limits);
    if (to.destroyed) return; // git has what it needs, and says why by itself
    if (!to.write(part)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
  }
}

function gunzip(parts: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const unpacked = createGunzip();
  void (async () => {
    try {
      for await (const part of parts) {
        if (unpacked.destroyed) return;
        if (!unpacked.write(part)) await Promise.race([once(unpacked, 'drain'), once(unpacked, 'close')]);
      }
      unpacked.end();
    } catch (error) {
      unpacked.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  })();
  return unpacked;
}

function tooLarge({ maxBytes }: BodyLimits): BodyError {
  return new BodyError(413, `a push may hold ${Math.round(maxBytes / 2 ** 20)} MiB at a time`);
}
