import { toFrame } from '../../../services/tui/frame.ts';
import type { Line } from '../../../services/tui/line.ts';
import { type Look, unicodeLook } from '../../../services/tui/look.ts';
import type { State } from '../../../services/tui/state.ts';

export function toText(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** What a person sees, without looks; the space at the end of rows is left out. */
export function toPicture(state: State, now: number, look: Look = unicodeLook): string {
  return `\n${toFrame(state, now, look)
    .lines.map((line) => toText(line).trimEnd())
    .join('\n')}\n`;
}
