import { z } from 'zod';

/** What the environment says about the terminal; `BELLOWS_URL` and `BELLOWS_TOKEN` are read by core/client. */
export const tuiSettings = z.object({
  TERM: z.string().default(''),
  /** Any value but the empty one: no colours (no-color.org). */
  NO_COLOR: z.string().optional(),
  LC_ALL: z.string().optional(),
  LC_CTYPE: z.string().optional(),
  LANG: z.string().optional(),
});
export type TuiSettings = z.infer<typeof tuiSettings>;

export interface Terminal {
  /** The terminfo name; undefined where the terminal cannot move its cursor. */
  readonly terminal: string | undefined;
  readonly ascii: boolean;
  readonly colour: boolean;
}

export function toTerminal({ TERM, NO_COLOR, LC_ALL, LC_CTYPE, LANG }: TuiSettings): Terminal {
  // POSIX: the first one that is set and not empty decides.
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '') ?? '';
  return {
    terminal: TERM === '' || TERM === 'dumb' ? undefined : TERM,
    ascii: !/utf-?8/i.test(locale),
    colour: NO_COLOR === undefined || NO_COLOR === '',
  };
}
