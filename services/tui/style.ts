/** How text looks: colours are numbers of the 256-colour palette. */
export interface Style {
  readonly fg?: number;
  readonly bg?: number;
  readonly bold?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
}

export const styles = {
  plain: {},
  dim: { fg: 8 },
  strong: { bold: true },
  good: { fg: 2 },
  bad: { fg: 1, bold: true },
  busy: { fg: 3 },
  calm: { fg: 6 },
  bar: { inverse: true },
} as const satisfies Record<string, Style>;

/**
 * The style after one SGR sequence.
 *
 * @param parameters as `createDisplayFilter` leaves them: known codes without empty ones, separated by `;`.
 */
export function applySgr(before: Style, parameters: string): Style {
  const codes = parameters.split(';').map(Number);
  let style = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const short = codes[at + 1] === 5;
      const [red = 0, green = 0, blue = 0] = codes.slice(at + 2, at + 5);
      style = { ...style, [code === 38 ? 'fg' : 'bg']: short ? red : toPalette(red, green, blue) };
      at += short ? 2 : 4;
    } else {
      style = applyCode(style, code);
    }
  }
  return style;
}

function applyCode({ fg, bg, ...flags }: Style, code: number): Style {
  const style = { ...flags, ...(fg === undefined ? {} : { fg }), ...(bg === undefined ? {} : { bg }) };
  if (code === 0) return styles.plain;
  if (code === 1 || code === 22) return { ...style, bold: code === 1 };
  if (code === 4 || code === 24) return { ...style, underline: code === 4 };
  if (code === 7 || code === 27) return { ...style, inverse: code === 7 };
  if (code >= 30 && code <= 37) return { ...style, fg: code - 30 };
  if (code >= 40 && code <= 47) return { ...style, bg: code - 40 };
  if (code >= 90 && code <= 97) return { ...style, fg: code - 82 };
  if (code >= 100 && code <= 107) return { ...style, bg: code - 92 };
  if (code === 39) return { ...flags, ...(bg === undefined ? {} : { bg }) };
  if (code === 49) return { ...flags, ...(fg === undefined ? {} : { fg }) };
  return style;
}

/** The nearest colour of the palette's 6×6×6 cube. */
function toPalette(red: number, green: number, blue: number): number {
  const level = (value: number) => Math.round((value / 255) * 5);
  return 16 + 36 * level(red) + 6 * level(green) + level(blue);
}
