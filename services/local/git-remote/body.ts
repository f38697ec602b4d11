import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Readable, Writable } from 'node:stream';
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
  let silent = false;
  const timer = setTimeout(() => {
    silent = true;
    request.destroy();
  }, limits.idleMs);
  const counted = (async function* () {
    let bytes = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > limits.maxBytes) throw tooLarge(limits);
      // While git is the slow one, the client may be silent.
      clearTimeout(timer);
      yield part;
      timer.refresh();
    }
  })();
  try {
    if (encoding === 'identity') await write(counted, to, limits);
    else await write(gunzip(counted), to, limits);
    to.end();
  } catch (cause) {
    if (silent) throw new BodyError(408, `nothing came for ${limits.idleMs / 1000} s`);
    throw cause;
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
      for await (const part of parts) if (!unpacked.write(part)) await once(unpacked, 'drain');
      unpacked.end();
    } catch (error) {
      unpacked.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  })();
  return unpacked as Readable;
}

function tooLarge({ maxBytes }: BodyLimits): BodyError {
  return new BodyError(413, `a push may hold ${Math.round(maxBytes / 2 ** 20)} MiB at a time`);
}
