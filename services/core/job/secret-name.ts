import * as z from 'zod';

/** As in Woodpecker, `NPM_TOKEN` and `npm_token` are one. */
export const secretNameSchema = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/,
    'expected a name of letters, digits, _, . and -, not beginning with a digit',
  )
  .transform((name) => name.toLowerCase());
