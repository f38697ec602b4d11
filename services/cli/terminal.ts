import type { Output } from './context.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta';

/** What an output can show. */
export interface Terminal {
  isTTY: boolean;
  /** Infinity where nobody looks: what reads a pipe wants all of it. */
  columns: number;
  colours: boolean;
  /** False: only ASCII may be written. */
  unicode: boolean;
  style(text: string, style: Style): string;
}

const codes: Record<Style, number> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
};

/** NO_COLOR is of no-color.org; the order of the locale's variables is POSIX'. */
export function toTerminal(env: Readonly<Record<string, string | undefined>>, output: Output): Terminal {
  const isTTY = output.isTTY === true;
  const colours = isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return {
    isTTY,
    columns: isTTY ? Math.max(20, output.columns || 80) : Number.POSITIVE_INFINITY,
    colours,
    unicode: !isTTY || /utf-?8/i.test(locale),
    style: (text, style) => (colours ? `\x1b[${codes[style]}m${text}\x1b[0m` : text),
  };
}
