import * as z from 'zod';

/** 1 to 100 characters that can stand in a key, a path, a label and a header. */
export const nameSchema = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/);
export const shaSchema = z
  .string()
  .regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'expected a full commit id in hex');
export const refSchema = z
  .string()
  .max(512)
  // git-check-ref-format(1), and only the places that a pipeline can start from.
  .regex(
    /^refs\/(?:heads|tags|pull)\/(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)))[^\p{Cc} ~^:?*[\\]+(?<![./])$/u,
  );
export const jobIdSchema = z.string().regex(/^[0-9a-f]{20}$/, 'expected a job id: 20 hex digits');
export const forges = ['local', 'gitea', 'github'] as const;
export type Forge = (typeof forges)[number];

/** Of a person at a forge: the number that it knows them by. Names change hands, and commits say what they like. */
export const forgeUserSchema = z.int().positive();

/** A registered repository's id: `<forge>/<owner>/<name>`. */
export const repositoryIdSchema = z
  .string()
  .max(220)
  .regex(/^(?:local|gitea|github)\/[A-Za-z0-9][A-Za-z0-9._-]{0,98}\/[A-Za-z0-9_][A-Za-z0-9._-]{0,98}$/);
