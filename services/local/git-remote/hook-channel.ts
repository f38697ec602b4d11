import type { Duplex } from 'node:stream';
import { type Movement, parseMovements } from './movement.ts';

export interface HookAnswers {
  /** May this push move refs now? Resolves with why not. */
  enter(): Promise<string | undefined>;
  /** These refs have moved; what the pusher is to read. */
  moved(movements: Movement[]): Promise<string[]>;
}

/** Of one line of a hook; what is longer is cut (a commit's subject may be of any length). */
const longestLine = 4096;
/** Refs of one push, with four lines each. */
const mostLines = 40_000;

/** Answers the hooks of one receive-pack (see hooks.ts) until its end. */
export function serveHooks(channel: Duplex, answers: HookAnswers): void {
  let lines: string[] = [];
  channel.on('error', () => channel.destroy()); // the hook has gone; its receive-pack's end says the rest
  onLines(channel, (line) => {
    if (line === 'enter') {
      void answers.enter().then((why) => channel.write(why === undefined ? 'ok\n' : `no ${toLine(why)}\n`));
    } else if (line === 'end') {
      const movements = parseMovements(lines);
      lines = [];
      void answers.moved(movements).then((texts) => {
        channel.write(`${texts.map((text) => `say ${toLine(text)}\n`).join('')}end\n`);
      });
    } else if (lines.length < mostLines) {
      lines.push(line);
    }
  });
}

function onLines(channel: Duplex, onLine: (line: string) => void): void {
  let rest = '';
  channel.setEncoding('utf8');
  channel.on('data', (text: string) => {
    const parts = text.split('\n');
    for (const part of parts.slice(0, -1)) {
      onLine((rest + part).slice(0, longestLine));
      rest = '';
    }
    rest = (rest + (parts.at(-1) ?? '')).slice(0, longestLine);
  });
}

function toLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
