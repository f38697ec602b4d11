import { PassThrough, Writable } from 'node:stream';
import { displayWidth } from '../../../services/core/display/index.ts';

type Cell = { text: string; look: string };

/**
 * As much of an xterm as the program uses, so that a test sees what a person would. It refuses every
 * sequence that it does not know.
 */
export function createTerminal({ columns = 80, rows = 24 } = {}) {
  const input = Object.assign(new PassThrough(), {
    raw: false,
    setRawMode: (raw: boolean) => {
      input.raw = raw;
    },
  });
  const blank = (look = ''): Cell => ({ text: ' ', look });
  const blankRow = () => Array.from({ length: columns }, () => blank());
  let grid = Array.from({ length: rows }, blankRow);
  let [x, y] = [0, 0];
  let saved = [0, 0];
  let region = [0, rows - 1];
  let look = '';
  let pending = '';
  const modes = new Map<string, boolean>();
  const written: string[] = [];
  const waiting = new Set<() => void>();

  const move = (by: number, at: number) => {
    const [top = 0, bottom = 0] = region;
    for (let n = 0; n < Math.abs(by); n++) {
      if (by > 0) {
        grid.splice(at, 1);
        grid.splice(bottom, 0, blankRow());
      } else {
        grid.splice(bottom, 1);
        grid.splice(Math.max(at, top), 0, blankRow());
      }
    }
  };
  const print = (character: string) => {
    const row = grid[y] ?? [];
    const width = displayWidth(character);
    if (width === 0) {
      const before = row.slice(0, x).findLast(({ text }) => text !== '');
      if (before !== undefined) before.text += character;
      return;
    }
    if (x + width > columns) throw new Error(`${JSON.stringify(character)} runs over the edge of row ${y}`);
    row[x] = { text: character, look };
    if (width === 2) row[x + 1] = { text: '', look };
    x += width;
  };
  const control = (parameters: string, final: string) => {
    const [first = 0, second = 0] = parameters.split(';').map(Number);
    if (final === 'H') [y, x] = [Math.max(0, first - 1), Math.max(0, second - 1)];
    else if (final === 'C') x += Math.max(1, first);
    else if (final === 'K') for (let at = x; at < columns; at++) (grid[y] ?? [])[at] = blank(look);
    else if (final === 'J') grid = Array.from({ length: rows }, blankRow);
    else if (final === 'M') move(Math.max(1, first), y);
    else if (final === 'L') move(-Math.max(1, first), y);
    else if (final === 'r') region = parameters === '' ? [0, rows - 1] : [first - 1, second - 1];
    else if (final === 'm') look = /^0?$/.test(parameters) ? '' : parameters;
    else if (final === 't')
      return; // The window's title, kept and given back.
    else if (/^[hl]$/.test(final) && /^\?[\d;]+$/.test(parameters)) {
      for (const mode of parameters.slice(1).split(';')) modes.set(mode, final === 'h');
    } else throw new Error(`unknown control sequence CSI ${parameters} ${final}`);
  };
  const take = (text: string) => {
    pending += text;
    while (pending !== '') {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's own language
      const sequence = /^\x1b(?:\[([?\d;]*)([A-Za-z])|([78=>c])|[()][0AB])/.exec(pending);
      if (sequence !== null) {
        if (sequence[2] !== undefined) control(sequence[1] ?? '', sequence[2]);
        if (sequence[3] === '7') saved = [x, y];
        if (sequence[3] === '8') [x = 0, y = 0] = saved;
        pending = pending.slice(sequence[0].length);
        continue;
      }
      const [character = ''] = pending;
      if (character === '\x1b') {
        if (pending.length > 20)
          throw new Error(`unknown escape sequence ${JSON.stringify(pending.slice(0, 20))}`);
        return;
      }
      if (character < ' ') throw new Error(`a bare control character ${JSON.stringify(character)}`);
      print(character);
      pending = pending.slice(character.length);
    }
  };
  const picture = () =>
    grid
      .map((row) =>
        row
          .map(({ text }) => text)
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd();

  let stalled: (() => void)[] | undefined;
  const output = Object.assign(
    new Writable({
      highWaterMark: 1,
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        written.push(text);
        take(text);
        for (const check of waiting) check();
        if (stalled === undefined) done();
        else stalled.push(done);
      },
    }),
    { columns, rows, isTTY: true },
  );

  return {
    input,
    output,
    modes,
    picture,
    looks: () => grid.map((row) => row.map((cell) => cell.look)),
    bytes: () => Buffer.byteLength(written.join('')),
    written: () => written.join(''),
    type: (keys: string) => void input.write(keys),
    resize: (to: { columns: number; rows: number }) => {
      ({ columns, rows } = to);
      grid = Array.from({ length: rows }, blankRow);
      region = [0, rows - 1];
      Object.assign(output, to).emit('resize');
    },
    /** Takes nothing more, as over a line that is stuck; until `release`. */
    stall: () => {
      stalled = [];
    },
    release: () => {
      const done = stalled ?? [];
      stalled = undefined;
      for (const go of done) go();
    },
    /** Resolves as soon as the picture shows the text; fails with the picture after 5 s. */
    until: (shown: string | RegExp) =>
      new Promise<string>((resolve, reject) => {
        const check = () => {
          const now = picture();
          if (typeof shown === 'string' ? !now.includes(shown) : !shown.test(now)) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(now);
        };
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`${String(shown)} was not shown:\n${picture()}`));
        }, 5000);
        waiting.add(check);
        check();
      }),
  };
}

export type Terminal = ReturnType<typeof createTerminal>;
