import type { Context } from 'hono';
import type { ApiEnv } from './env.ts';
import { Problem } from './problem.ts';

/** No form of ours, nor of OAuth's, comes near. */
export const formBytes = 4096;

/** The fields of a form, as browsers and OAuth clients send it. */
export async function readForm(c: Context<ApiEnv>): Promise<URLSearchParams> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type))
    throw new Problem(415, 'Expected content type application/x-www-form-urlencoded.');
  return new URLSearchParams(await c.req.text());
}
