import { PassThrough, type Readable, type Writable } from 'node:stream';
import BlessedScreen from 'neo-blessed/lib/widgets/screen.js';
import { type Cell, toCells } from './cells.ts';
import type { Frame } from './frame.ts';
import { toScroll } from './scroll.ts';
import type { Size } from './state.ts';
import type { Style } from './style.ts';

export interface ScreenOptions {
  input: Readable & { setRawMode?(raw: boolean): unknown };
  output: Writable & { columns?: number; rows?: number };
  /** The terminfo name; an unknown one is taken for an xterm. */
  terminal: string;
  ascii: boolean;
  colour: boolean;
}

export interface Screen {
  size(): Size;
  /** Sends what differs from the frame before; while the terminal has not taken that yet, the latest waits. */
  draw(frame: Frame): void;
  /** Keys by name: `a`, `G`, `?`, `enter`, `escape`, `pagedown`, `C-c`. */
  onKey(listener: (name: string) => void): void;
  onResize(listener: () => void): void;
  /** Gives the terminal back until what it returns is called. */
  suspend(): () => void;
  /** Gives the terminal back as it was; safe twice. */
  close(): void;
}

/** An escape character alone is the key only if nothing follows it: a slow line cuts sequences anywhere. */
const escapeMs = 100;
/** A text that no cell has. */
const never = '\0';
const defaultSize = { columns: 80, rows: 24 };

/**
 * Takes the terminal: alternate screen, raw keys, no cursor. neo-blessed gives it back when the process
 * exits or crashes. Only its screen is used, as a grid of cells that sends differences; its widgets would
 * interpret what they show.
 */
export function openScreen({ input, output, terminal, ascii, colour }: ScreenOptions): Screen {
  const keys = joinEscapes(input);
  const blessed = new BlessedScreen({
    input: keys.stream,
    output,
    terminal,
    forceUnicode: !ascii,
    useBCE: true,
  });
  // Line drawing needs no second character set where there is Unicode, and none is used where there is not.
  blessed.tput.brokenACS = true;
  input.setRawMode?.(true);
  const colours = colour ? blessed.tput.colors : 0;
  let waiting: Frame | undefined;
  let closed = false;
  let suspended = false;

  // Some pseudo terminals say 0.
  const size = () => ({
    columns: output.columns || defaultSize.columns,
    rows: output.rows || defaultSize.rows,
  });
  const paint = (frame: Frame) => {
    const { columns, rows } = size();
    const next = frame.lines.slice(0, rows).map((line) => toBlessed(toCells(line, columns, ascii), colours));
    scroll(next, frame.scroll);
    for (const [y, row] of next.entries()) put(y, row);
    blessed.draw(0, blessed.lines.length - 1);
    blessed.program.flush();
  };
  const scroll = (next: BlessedCell[][], { top, bottom }: Frame['scroll']) => {
    const last = Math.min(bottom, blessed.lines.length - 1);
    const by = toScroll(toTexts(blessed.lines.slice(top, last + 1)), toTexts(next.slice(top, last + 1)));
    if (by > 0) blessed.deleteLine(by, top, top, last);
    if (by < 0) blessed.insertLine(-by, top, top, last);
  };
  const put = (y: number, row: BlessedCell[]) => {
    const line = blessed.lines[y];
    for (const [x, cell] of row.entries()) {
      const shown = line?.[x];
      if (line === undefined || shown === undefined || (shown[0] === cell[0] && shown[1] === cell[1]))
        continue;
      line[x] = cell;
      line.dirty = true;
      // The empty second half of a wide character must be passed with it, even if there was one before:
      // neo-blessed would move the cursor over it once more.
      const after = blessed.olines[y]?.[x + 1];
      if (after !== undefined && row[x + 1]?.[1] === '') after[1] = never;
    }
  };
  const drain = () => {
    const frame = waiting;
    waiting = undefined;
    if (frame !== undefined && !closed && !suspended) paint(frame);
  };
  output.on('drain', drain);

  return {
    size,
    draw: (frame) => {
      if (closed || suspended) return;
      if (output.writableNeedDrain) waiting = frame;
      else paint(frame);
    },
    onKey: (listener) => {
      blessed.program.on('keypress', (text, key) => {
        // Enter comes twice, under its two names.
        if (key.full === 'return') return;
        listener(
          text !== undefined && /^[!-~]$/.test(text) ? text : key.full === 'linefeed' ? 'enter' : key.full,
        );
      });
    },
    onResize: (listener) => void blessed.program.on('resize', listener),
    suspend: () => {
      suspended = true;
      blessed.program.normalBuffer();
      blessed.program.showCursor();
      blessed.program.flush();
      input.setRawMode?.(false);
      return () => {
        if (closed || !suspended) return;
        suspended = false;
        input.setRawMode?.(true);
        blessed.program.alternateBuffer();
        blessed.program.hideCursor();
        // Whoever had the terminal left something there: all of it is drawn again.
        blessed.alloc();
        blessed.program.flush();
      };
    },
    close: () => {
      if (closed) return;
      closed = true;
      output.off('drain', drain);
      blessed.destroy();
      keys.close();
      input.setRawMode?.(false);
      input.pause();
    },
  };
}

type BlessedCell = [attributes: number, text: string];

function toBlessed(cells: readonly Cell[], colours: number): BlessedCell[] {
  return cells.map(({ text, style }) => [toAttributes(style, colours), text]);
}

const noColour = 0x1ff;
const brightBlack = 8;

/** neo-blessed's own packing: flags, then 9 bits of foreground and 9 of background. */
function toAttributes({ fg, bg, bold, underline, inverse }: Style, colours: number): number {
  const flags = (bold ? 1 : 0) | (underline ? 2 : 0) | (inverse ? 8 : 0);
  return (flags << 18) | (toColour(fg, colours) << 9) | toColour(bg, colours);
}

/** Of few colours neo-blessed takes the nearest, and for grey that is black: on most screens nothing. */
function toColour(colour: number | undefined, colours: number): number {
  if (colour === undefined || colours < 8 || (colour === brightBlack && colours < 16)) return noColour;
  return colour;
}

function toTexts(rows: readonly (readonly BlessedCell[])[]): string[] {
  return rows.map((row) => row.map(([, text]) => text).join(''));
}

/** The input with each escape sequence in one part. */
function joinEscapes(input: Readable): { stream: PassThrough; close(): void } {
  const stream = new PassThrough();
  let held = '';
  let timer: NodeJS.Timeout | undefined;
  const pass = () => {
    clearTimeout(timer);
    if (held !== '') stream.write(held);
    held = '';
  };
  const take = (part: Buffer | string) => {
    clearTimeout(timer);
    held += part.toString();
    if (/\p{Cc}(?:[[O][\d;]*)?$/u.test(held) && held.includes('\u{1b}')) timer = setTimeout(pass, escapeMs);
    else pass();
  };
  input.on('data', take);
  return {
    stream,
    close: () => {
      clearTimeout(timer);
      input.off('data', take);
      stream.destroy();
    },
  };
}
