import * as z from 'zod';
import type { RepositoryFacts } from '../job/index.ts';

const line = z.string().max(500).optional().catch(undefined);
const factsSchema = z.object({
  repository: z.object({
    id: z.int().positive(),
    full_name: z.string().min(3).max(200),
    private: z.boolean(),
    html_url: line,
    ssh_url: line,
  }),
});

/**
 * What a payload says of its repository, besides what it tells. Its addresses are for steps to read, and are never
 * asked; those that are not of this repository are left out.
 */
export function toFacts(payload: unknown): RepositoryFacts | undefined {
  const parsed = factsSchema.safeParse(payload);
  if (!parsed.success) return undefined;
  const { id, full_name: name, private: isPrivate, html_url: page, ssh_url: ssh } = parsed.data.repository;
  const isPage = page !== undefined && /^https?:\/\/[^\s@?#]+$/.test(page) && page.endsWith(`/${name}`);
  const before = ssh?.endsWith(`${name}.git`) === true ? ssh.slice(0, -`${name}.git`.length) : '';
  const isSsh = /^(?:ssh:\/\/)?\w[\w.-]*@[\w.:[\]-]+[:/]$/.test(before);
  return {
    remoteId: id,
    private: isPrivate,
    ...(isPage ? { page } : {}),
    ...(isSsh ? { ssh } : {}),
  };
}
