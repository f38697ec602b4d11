import type { Context } from './context.ts';
import { toTerminal } from './terminal.ts';

/** Says on a terminal what is being waited for, once it takes longer than a second; leaves nothing behind. */
export async function withProgress<T>(
  context: Context,
  text: string,
  work: () => Promise<T>,
  afterMs = 1000,
): Promise<T> {
  if (!toTerminal(context.env, context.stderr).isTTY) return work();
  const started = context.now();
  const draw = () => {
    const seconds = Math.round((context.now() - started) / 1000);
    context.stderr.write(`\r\x1b[K${text} (${seconds}s)`);
    drawn = true;
  };
  let drawn = false;
  let interval: NodeJS.Timeout | undefined;
  const timeout = setTimeout(() => {
    draw();
    interval = setInterval(draw, 1000);
  }, afterMs);
  try {
    return await work();
  } finally {
    clearTimeout(timeout);
    clearInterval(interval);
    if (drawn) context.stderr.write('\r\x1b[K');
  }
}
