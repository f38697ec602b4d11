import { openSync, writeSync } from 'node:fs';
import type { Note } from './work.ts';

const file = openSync(process.env.CHAOS_JOURNAL ?? '/dev/null', 'a');
let agent = '';

export function beginLife(name: string): void {
  agent = name;
}

/** Written when it returns, whatever happens to this process next. */
export function note(given: Omit<Note, 'at' | 'agent'>): void {
  const at = Number(process.hrtime.bigint()) / 1e6;
  writeSync(file, `${JSON.stringify({ at, agent, ...given })}\n`);
}
