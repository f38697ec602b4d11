import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';

const maxLength = 8192;

/** A token from a file, as Kubernetes projects it. */
export async function readTokenFile(path: string): Promise<string> {
  return parseToken(await readFile(path, 'utf8'), path);
}

/** The first line of a stream, which is read no further; undefined where it ends without one. */
export function readTokenLine(stream: Readable): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (action: () => void) => {
      stream.off('data', onData).off('end', onEnd).off('error', onError).pause();
      action();
    };
    const onData = (part: Buffer) => {
      text += part.toString('latin1');
      if (text.includes('\n') || text.length > maxLength) onEnd();
    };
    const onEnd = () =>
      settle(() => {
        try {
          resolve(text === '' ? undefined : parseToken(text.split('\n')[0] ?? '', 'the standard input'));
        } catch (error) {
          reject(error);
        }
      });
    const onError = (error: Error) => settle(() => reject(error));
    stream.on('data', onData).on('end', onEnd).on('error', onError);
  });
}

function parseToken(text: string, from: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{1,8192}$/.test(token)) return token;
  throw new Error(`expected a claim token from ${from}, in one line`);
}
