import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Line } from '../../../services/tui/line.ts';
import { openScreen, type Screen } from '../../../services/tui/screen.ts';
import { createTerminal, type Terminal } from './terminal.ts';

let screen: Screen | undefined;
afterEach(() => screen?.close());

function open(terminal: Terminal, given: { ascii?: boolean; colour?: boolean } = {}): Screen {
  const { input, output } = terminal;
  screen = openScreen({ input, output, terminal: 'xterm', ascii: false, colour: true, ...given });
  return screen;
}

function toFrame(lines: readonly (string | Line)[], scroll = { top: 1, bottom: 22 }) {
  return {
    lines: lines.map((line) => (typeof line === 'string' ? [{ text: line, style: {} }] : line)),
    scroll,
  };
}

const numbered = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `this is line number ${from + index} of a long log`);

describe('what the terminal shows', () => {
  const word = fc.constantFrom('', 'a', 'ready', '世界', '🚀', 'e\u0301', '  ', '✓', '─', 'x'.repeat(30));
  const style = fc.constantFrom(
    {},
    { fg: 1 },
    { inverse: true },
    { bg: 4, bold: true },
    { fg: 200, underline: true },
  );
  const line = fc.array(fc.record({ text: word, style }), { maxLength: 4 });
  const frames = fc.array(fc.array(line, { minLength: 8, maxLength: 8 }), { minLength: 1, maxLength: 6 });

  test('is the last frame, whatever was drawn before it', () => {
    fc.assert(
      fc.property(frames, (all) => {
        const before = createTerminal({ columns: 24, rows: 8 });
        const screenBefore = open(before);
        for (const lines of all) screenBefore.draw(toFrame(lines, { top: 1, bottom: 6 }));
        const seen = [before.picture(), before.looks()];
        screenBefore.close();
        const fresh = createTerminal({ columns: 24, rows: 8 });
        const screenFresh = open(fresh);
        screenFresh.draw(toFrame(all.at(-1) ?? []));
        const expected = [fresh.picture(), fresh.looks()];
        screenFresh.close();

        expect(seen).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  test('is cut at the edge, never in the middle of a wide character', () => {
    const terminal = createTerminal({ columns: 10, rows: 3 });
    open(terminal).draw(toFrame(['abcdefghijklm', '世界世界世界', 'a世界世界世']));
    expect(terminal.picture()).toBe('abcdefghij\n世界世界世\na世界世界');
  });

  test('is ASCII where nothing else can be shown, a ? for each column', () => {
    const terminal = createTerminal();
    open(terminal, { ascii: true }).draw(toFrame(['é 世 ✓ e\u0301 ok']));
    expect(terminal.picture()).toBe('? ?? ? e ok');
    expect(terminal.written()).toMatch(/^\p{ASCII}*$/u);
  });

  test('has colours only where they are wanted; weight always', () => {
    const frame = toFrame([[{ text: 'red', style: { fg: 1, bg: 2, bold: true } }]]);
    const [colourful, plain] = [createTerminal(), createTerminal()];
    open(colourful).draw(frame);
    const looks = colourful.looks();
    screen?.close();
    open(plain, { colour: false }).draw(frame);

    expect(looks[0]?.slice(0, 4)).toEqual(['1;42;31', '1;42;31', '1;42;31', '']);
    expect(plain.looks()[0]?.slice(0, 4)).toEqual(['1', '1', '1', '']);
  });
});

test('grey on a terminal of eight colours is not black on black', () => {
  const terminal = createTerminal(); // an xterm as terminfo has it
  open(terminal).draw(
    toFrame([
      [
        { text: 'g', style: { fg: 8 } },
        { text: 'r', style: { fg: 1 } },
      ],
    ]),
  );
  expect(terminal.looks()[0]?.slice(0, 2)).toEqual(['', '31']);
});

describe('what is sent', () => {
  test('is nothing for the same frame', () => {
    const terminal = createTerminal();
    const drawn = open(terminal);
    drawn.draw(toFrame(numbered(1, 24)));
    const bytes = terminal.bytes();
    drawn.draw(toFrame(numbered(1, 24)));
    expect(terminal.bytes()).toBe(bytes);
  });

  test('is no more than the changed cells and the way to them', () => {
    const terminal = createTerminal();
    const drawn = open(terminal);
    drawn.draw(toFrame([...numbered(1, 20), 'took 41s']));
    const bytes = terminal.bytes();
    drawn.draw(toFrame([...numbered(1, 20), 'took 42s']));
    expect(terminal.picture()).toContain('took 42s');
    expect(terminal.bytes() - bytes).toBeLessThanOrEqual(24);
  });

  test('is one line and a scroll for a log that grows by one line', () => {
    const terminal = createTerminal();
    const drawn = open(terminal);
    drawn.draw(toFrame(['header', ...numbered(1, 22), 'footer']));
    const bytes = terminal.bytes();
    drawn.draw(toFrame(['header', ...numbered(2, 22), 'footer']));
    expect(terminal.picture()).toBe(['header', ...numbered(2, 22), 'footer'].join('\n'));
    expect(terminal.bytes() - bytes).toBeLessThanOrEqual(100);

    drawn.draw(toFrame(['header', ...numbered(1, 22), 'footer']));
    expect(terminal.picture()).toBe(['header', ...numbered(1, 22), 'footer'].join('\n'));
    expect(terminal.bytes() - bytes).toBeLessThanOrEqual(200);
  });

  test('waits while the line is stuck, and is then the latest frame only', async () => {
    const terminal = createTerminal();
    const drawn = open(terminal);
    terminal.stall();
    for (const text of ['one', 'two', 'three']) drawn.draw(toFrame([text]));
    expect(terminal.picture()).toBe('one');
    terminal.release();
    await terminal.until('three');
    expect(terminal.written()).not.toContain('two');
  });
});

describe('keys', () => {
  async function read(parts: string[], count: number): Promise<string[]> {
    const terminal = createTerminal();
    const names: string[] = [];
    const drawn = open(terminal);
    await new Promise<void>((resolve) => {
      drawn.onKey((name) => {
        if (names.push(name) === count) resolve();
      });
      for (const part of parts) terminal.type(part);
    });
    return names;
  }

  test('have names', async () => {
    const typed = 'jG?\r\n\x1b[A\x1bOB\x1b[5~\x1b[6~ \x03\x1b[H\x7f';
    const names = [
      'j',
      'G',
      '?',
      'enter',
      'enter',
      'up',
      'down',
      'pageup',
      'pagedown',
      'space',
      'C-c',
      'home',
      'backspace',
    ];
    expect(await read([typed], names.length)).toEqual(names);
  });

  test('are whole even if a slow line brings them in pieces', async () => {
    expect(await read(['\x1b', '[', 'A', '\x1b[5', '~', '\x1bO', 'B'], 3)).toEqual(['up', 'pageup', 'down']);
  });

  test('an escape that nothing follows is the key', async () => {
    expect(await read(['\x1b'], 1)).toEqual(['escape']);
  });
});

test('another size of the window is noticed, and drawn anew', () => {
  const terminal = createTerminal();
  const drawn = open(terminal);
  drawn.draw(toFrame(numbered(1, 24)));
  let size: unknown;
  drawn.onResize(() => {
    size = drawn.size();
  });
  terminal.resize({ columns: 100, rows: 30 });
  drawn.draw(toFrame(numbered(1, 30), { top: 1, bottom: 28 }));

  expect(size).toEqual({ columns: 100, rows: 30 });
  expect(terminal.picture()).toBe(numbered(1, 30).join('\n'));
});

test('a closed screen has given everything back, and stays silent', () => {
  const terminal = createTerminal();
  const drawn = open(terminal);
  drawn.draw(toFrame(['hello']));
  const given = [terminal.input.raw, terminal.modes.get('1049'), terminal.modes.get('25')];
  drawn.close();
  drawn.close();
  drawn.draw(toFrame(['late']));

  expect(given).toEqual([true, true, false]);
  expect([terminal.input.raw, terminal.modes.get('1049'), terminal.modes.get('25')]).toEqual([
    false,
    false,
    true,
  ]);
  expect(terminal.written()).not.toContain('late');
  expect(terminal.input.listenerCount('data')).toBe(0);
  expect(terminal.output.listenerCount('resize')).toBe(0);
});
