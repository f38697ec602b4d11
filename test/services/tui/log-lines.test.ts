import { expect, test } from '@jest/globals';
import { createLogLines } from '../../../services/tui/log-lines.ts';
import { toLogWindow } from '../../../services/tui/log-window.ts';
import { unicodeLook } from '../../../services/tui/look.ts';
import { toText } from './pictures.ts';

function read(...parts: [id: string, step: string, text: string][]) {
  const log = createLogLines(unicodeLook);
  for (const [id, step, text] of parts) log.add(id, { step, text });
  return log;
}

const texts = (log: { lines: readonly Parameters<typeof toText>[0][] }) => log.lines.map(toText);

test('lines are whole however the chunks cut them, and each step is named once', () => {
  const log = read(
    ['1-1', 'build', 'one\r\ntw'],
    ['1-2', 'build', 'o\nthree'],
    ['1-3', 'test', 'four\n\nfive\n'],
  );
  expect(texts(log)).toEqual(['── build', 'one', 'two', 'three', '── test', 'four', '', 'five']);
});

test('another attempt is announced', () => {
  expect(texts(read(['1-1', 'test', 'one\n'], ['2-1', 'test', 'two\n']))).toEqual([
    '── test',
    'one',
    '── another attempt',
    '── test',
    'two',
  ]);
});

test('no byte of a log controls anything: not the text, not the name of its step', () => {
  const log = read(['1-1', 'a\x1b]0;x\x07', 'a\x1b[2Jb\x1b]52;c;AA\x07\rc\n\x1b]0;open']);
  log.end();
  expect(texts(log)).toEqual(['── a␛]0;x␇', 'ab␍c', '␛]0;open']);
});

test('colours are kept over a line’s end, and end with their step', () => {
  const log = read(['1-1', 'a', 'x\x1b[31mred\nstill\x1b[1m!\n'], ['1-2', 'b', 'plain\n']);
  expect(log.lines[1]).toEqual([
    { text: 'x', style: {} },
    { text: 'red', style: { fg: 1 } },
  ]);
  expect(log.lines[2]).toEqual([
    { text: 'still', style: { fg: 1 } },
    { text: '!', style: { fg: 1, bold: true } },
  ]);
  expect(log.lines.at(-1)).toEqual([{ text: 'plain', style: {} }]);
});

test('tabs reach to the next stop, wide characters counted', () => {
  expect(texts(read(['1-1', 'a', 'ab\tc\n世\td\n\te']))).toEqual([
    '── a',
    'ab      c',
    '世      d',
    '        e',
  ]);
});

test('memory is bounded: old lines go, endless ones are cut, and lines keep their numbers', () => {
  const log = createLogLines(unicodeLook, { most: 10, widest: 20 });
  for (let line = 1; line <= 100; line++) log.add(`1-${line}`, { step: 'a', text: `line ${line}\n` });
  for (let part = 0; part < 1000; part++) log.add(`1-${100 + part}`, { step: 'a', text: '0123456789' });

  expect(log.lines.length).toBeLessThanOrEqual(12);
  expect(log.dropped + log.lines.length).toBe(102);
  expect(texts(log).at(-1)).toBe('01234567890123456789…');
});

test('an ended log says so', () => {
  const log = read(['1-1', 'a', 'half']);
  expect(log.ended).toBe(false);
  log.end();
  expect([log.ended, texts(log)]).toEqual([true, ['── a', 'half']]);
});

const tall = read(['1-1', 'a', Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`).join('')]);

function look(log: Parameters<typeof toLogWindow>[0], top: number | undefined, height = 4, columns = 20) {
  const shown = toLogWindow(log, { columns, height }, top);
  return [shown.rows.map(toText).join('|'), shown.top, shown.atEnd];
}

test('a window on a log follows its end, or stays where it was put', () => {
  expect(look(tall, undefined)).toEqual(['line 17|line 18|line 19|line 20', 17, true]);
  expect(look(tall, 3)).toEqual(['line 3|line 4|line 5|line 6', 3, false]);
  expect(look(tall, -5)).toEqual(['── a|line 1|line 2|line 3', 0, false]);
  expect(look(tall, Infinity)).toEqual(['line 17|line 18|line 19|line 20', 17, true]);
});

test('lines that take several rows fill the window from its end', () => {
  const long = read(['1-1', 'a', 'abcdefgh\nij\nklmnopqrst\n']);
  expect(look(long, undefined, 4, 4)).toEqual(['ij|klmn|opqr|st', 2, true]);
  expect(look(long, undefined, 2, 4)).toEqual(['opqr|st', 3, true]);
  expect(look(long, 0, 4, 4)).toEqual(['── a|abcd|efgh|ij', 0, false]);
});

test('a log that is shorter than the window is all there', () => {
  expect(look(read(['1-1', 'a', 'one\n']), undefined)).toEqual(['── a|one', 0, true]);
  expect(look(createLogLines(unicodeLook), undefined)).toEqual(['', 0, true]);
});
