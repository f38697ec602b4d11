/** `./bellows demo`: what must be true of Bellows, and what was seen. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { UsageError } from '../core/command/index.ts';
import { runDemo } from './demo.ts';
import { parseOptions } from './options.ts';
import { createProgress } from './progress.ts';
import { toTable } from './table.ts';

const { stdout, stderr, env } = process;
const stopping = new AbortController();
try {
  const { json, runs, keep } = parseOptions(process.argv.slice(2));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
  const tty = stderr.isTTY === true && env.TERM !== 'dumb';
  const progress = createProgress({
    write: (text) => stderr.write(text),
    tty,
    columns: () => stderr.columns || 80,
  });
  try {
    const report = await runDemo({
      program: join(import.meta.dirname, '..', 'local', 'main.ts'),
      node: process.execPath,
      platform: process.platform,
      env,
      temporary: tmpdir(),
      kill: (pid, signal) => process.kill(pid, signal),
      progress,
      runs,
      keep,
      signal: stopping.signal,
    });
    progress.close();
    const look = {
      width: Math.min(stdout.columns || 120, 140),
      paint: (colour: 'green' | 'red' | 'dim' | 'bold', text: string) =>
        styleText(colour, text, { stream: stdout }),
    };
    stdout.write(`${json ? JSON.stringify(report, undefined, 2) : toTable(report, look)}\n`);
    process.exitCode = report.ok ? 0 : 1;
  } finally {
    progress.close();
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const exitCode = error instanceof UsageError ? error.exitCode : stopping.signal.aborted ? 130 : 1;
  (exitCode === 0 ? stdout : stderr).write(`${exitCode === 0 ? '' : 'bellows demo: '}${message}\n`);
  process.exitCode = exitCode;
}
