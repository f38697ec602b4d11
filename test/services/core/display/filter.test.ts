import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDisplayFilter } from '../../../../services/core/display/index.ts';

function show(parts: string[], options?: { sgr?: boolean }): string {
  const filter = createDisplayFilter(options);
  return parts.map((part) => filter.write(part)).join('') + filter.end();
}

/** Each vector: what it is, the text, and what a reader sees of it. */
const vectors: [string, string, string][] = [
  ['OSC 52 writes the clipboard', 'a\x1b]52;c;cm0gLXJmIH4=\x07b', 'ab'],
  ['OSC 52 ended by ST', 'a\x1b]52;c;cm0=\x1b\\b', 'ab'],
  ['OSC 52 in C1', 'a\x9d52;c;cm0=\x9cb', 'ab'],
  ['OSC 0 renames the window', 'a\x1b]0;root@prod\x07b', 'ab'],
  ['OSC 8 leaves its text, not its address', '\x1b]8;;http://evil\x07click\x1b]8;;\x07', 'click'],
  ['OSC 1337 of iTerm2', '\x1b]1337;File=inline=1:AAAA\x07x', 'x'],
  ['OSC without an end cannot hide the next line', '\x1b]0;gone\nnext', '␛]0;gone\nnext'],
  ['OSC broken by a colour', '\x1b]0;gone\x1b[31mred', '␛]0;gone\x1b[31mred\x1b[0m'],
  ['OSC cancelled by CAN', '\x1b]0;a\x18b', '␛]0;a␘b'],
  ['DCS', 'a\x1bP$q"p\x1b\\b', 'ab'],
  ['DCS is not ended by BEL', 'a\x1bPq\x07z', 'a␛Pq␇z'],
  ['DCS in C1', 'a\x90q#0\x9cb', 'ab'],
  ['APC, PM and SOS', 'a\x1b_x\x1b\\b\x1b^y\x1b\\c\x1bXz\x1b\\d', 'abcd'],
  ['APC, PM and SOS in C1', 'a\x9fx\x9cb\x9ey\x9cc\x98z\x9cd', 'abcd'],
  ['CSI moves, erases and scrolls', 'a\x1b[2J\x1b[1;1H\x1b[3A\x1b[K\x1b[5Lb', 'ab'],
  ['CSI 2026 and other private modes', 'a\x1b[?2026h\x1b[?1049h\x1b[?25l\x1b[>4;2mb', 'ab'],
  ['CSI in C1', 'a\x9b2Jb', 'ab'],
  ['device reports', 'a\x1b[6n\x1b[c\x1bZ\x1b[21tb', 'ab'],
  ['CSI broken by a line', '\x1b[12\nb', '␛[12\nb'],
  ['reset, save, character sets', 'a\x1bc\x1b7\x1b(0\x1b#8\x1bNb', 'ab'],
  ['a colour in C1 becomes a normal one', '\x9b31mred', '\x1b[31mred\x1b[0m'],
  ['blinking and concealed text', '\x1b[5;8mx\x1b[1;6;31my\x1b[0m', 'x\x1b[1;31my\x1b[0m'],
  [
    '256 colours and 24 bit, both forms',
    '\x1b[38;5;9;48;2;1;2;3m\x1b[38:2::4:5:6mx\x1b[m',
    '\x1b[38;5;9;48;2;1;2;3m\x1b[38;2;4;5;6mx\x1b[0m',
  ],
  ['colours out of range', '\x1b[38;5;999m\x1b[38;5m\x1b[38m\x1b[58;5;1mx', 'x'],
  ['curly underlines are underlines', '\x1b[4:3mx\x1b[4:0m\x1b[0m', '\x1b[4mx\x1b[24m\x1b[0m'],
  ['CR overwrites', 'rm -rf /\rls      ', 'rm -rf /␍ls      '],
  ['CR LF is a line break, however often the CR', 'a\r\nb\r\r\nc', 'a\nb\nc'],
  ['CR at the end', 'a\r', 'a␍'],
  ['BS, BEL, NUL, VT, FF, DEL', 'a\b\x07\0\v\f\x7f', 'a␈␇␀␋␌␡'],
  ['C1 that begins nothing', 'a\x85\x8d\x9cb', 'a␛E␛M␛\\b'],
  ['ESC at the end and ESC before ESC', '\x1b\x1b\x1b[1mx\x1b', '␛␛\x1b[1mx␛\x1b[0m'],
  ['bidirectional controls', 'a\u202eb\u2066c\u200fd\u061ce', 'a\ufffdb\ufffdc\ufffdd\ufffde'],
  [
    'zero-width and invisible characters',
    'a\u200bb\u2060c\ufeffd\u00ade\u3164',
    'a\ufffdb\ufffdc\ufffdd\ufffde\ufffd',
  ],
  ['tag characters and variation selectors', 'a\u{e0041}\u{e0100}b⚠\ufe0f', 'a\ufffd\ufffdb⚠'],
  ['halves of a surrogate pair', 'a\ud83db\ude00c\ud83d', 'a\ufffdb\ufffdc\ufffd'],
  ['tab and newline stay', 'a\tb\n', 'a\tb\n'],
  ['letters of the world stay', 'Grüße 世界 🚀 е́ עברית', 'Grüße 世界 🚀 е́ עברית'],
];

describe('what a terminal would obey is removed or shown', () => {
  test.each(vectors)('%s', (_title, text, seen) => {
    expect(show([text])).toBe(seen);
  });

  test.each(vectors)('and so it is when each character comes alone: %s', (_title, text, seen) => {
    expect(show(text.split(''))).toBe(seen);
  });
});

const pieces = fc.oneof(
  fc.constantFrom(...vectors.map(([, text]) => text)),
  fc.constantFrom(
    '\x1b',
    '\x1b[',
    '\x1b]',
    '\x9b',
    '\x9d',
    '\x90',
    '\x9c',
    '\x07',
    '\x1b\\',
    '\r',
    '\n',
    'm',
    ';',
    '31',
    '\ud83d',
    '\ude00',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
);
const hostileText = fc.array(pieces, { maxLength: 30 }).map((all) => all.join(''));

// biome-ignore lint/suspicious/noControlCharactersInRegex: the claim itself
const forbidden = /[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]/;

test('no input, however it is split, leaves a control character but tab, newline and well-formed SGR', () => {
  fc.assert(
    fc.property(hostileText, fc.array(fc.nat(400), { maxLength: 20 }), (text, cuts) => {
      const points = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
      const parts = points.slice(1).map((point, index) => text.slice(points[index], point));
      const shown = show(parts);

      expect(shown).not.toMatch(forbidden);
      expect(
        shown
          .split('\x1b')
          .slice(1)
          .every((rest) => /^\[\d{1,3}(?:;\d{1,3})*m/.test(rest)),
      ).toBe(true);
      expect(shown).toBe(show([text]));
      expect(show([text], { sgr: false })).not.toContain('\x1b');
    }),
    { numRuns: 2000 },
  );
});

test('showing what was shown changes nothing', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = show([text], { sgr: false });
      expect(show([shown], { sgr: false })).toBe(shown);
    }),
  );
});

test('without SGR nothing of a colour is left', () => {
  expect(show(['\x1b[1;31mred\x1b[0m'], { sgr: false })).toBe('red');
});

test.each(['\x1b]0;', '\x1bP', '\x1b[', '\x9f', '\x1b('])(
  '%j without an end holds no more than 4,096 characters back',
  (begin) => {
    const filter = createDisplayFilter();
    const text = begin + '0'.repeat(100_000).replaceAll('0', begin === '\x1b(' ? ' ' : '0');
    const shown = filter.write(text).length;

    expect(text.length - shown).toBeLessThanOrEqual(4096);
  },
);

test('an ended filter begins anew', () => {
  const filter = createDisplayFilter();
  filter.write('\x1b[31m\x1b]0;half');
  expect(filter.end()).toBe('␛]0;half\x1b[0m');
  expect(filter.write(';x\x07y') + filter.end()).toBe(';x␇y');
});
