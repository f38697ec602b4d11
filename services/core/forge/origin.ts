import * as z from 'zod';
import type { Forge } from '../job/index.ts';

/**
 * Where a registered forge is: scheme, host, port, and a folder where it does not own its host. Clone
 * addresses are made from these and nothing else; a payload's own addresses are never used.
 */
export const originSchema = z
  .url({ protocol: /^https?$/, error: 'expected http:// or https:// with a host', abort: true })
  .refine((text) => {
    const url = new URL(text);
    return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  }, 'expected no credentials, query or fragment')
  .transform((text) => text.replace(/\/+$/, ''));

export type Origins = Readonly<Partial<Record<Forge, string | undefined>>>;

/** @param name `owner/name`, as registered. */
export function toCloneUrl(origin: string, name: string): string {
  return `${origin}/${name.split('/').map(encodeURIComponent).join('/')}.git`;
}
