import { once } from 'node:events';
import { createDisplayFilter } from '../core/display/index.ts';
import type { Output } from './context.ts';
import type { Terminal } from './terminal.ts';

export interface LogOutput {
  /** Resolves when the output takes more. */
  write(part: string | Uint8Array): Promise<void>;
  /** What was held back, and plain text again; another log may follow. */
  end(): Promise<void>;
}

/** A pipe or file gets exactly what is written; a terminal only what cannot control it. */
export function createLogOutput(output: Output, terminal: Terminal): LogOutput {
  const put = async (part: string | Uint8Array) => {
    if (part.length > 0 && !output.write(part)) await once(output, 'drain');
  };
  if (!terminal.isTTY) return { write: put, end: async () => undefined };
  const filter = createDisplayFilter({ sgr: terminal.colours });
  const decoder = new TextDecoder();
  const show = (text: string) => put(terminal.unicode ? text : text.replace(/\P{ASCII}/gu, '?'));
  return {
    write: (part) =>
      show(filter.write(typeof part === 'string' ? part : decoder.decode(part, { stream: true }))),
    end: () => show(filter.write(decoder.decode()) + filter.end()),
  };
}
