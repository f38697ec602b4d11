import { OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { jobIdSchema, repositoryIdSchema } from '../core/job/index.ts';
import type { ApiEnv } from './env.ts';
import { Problem } from './problem.ts';

/** Routes that know what they take and give; a request that is not so is refused by name. */
export function createRoutes() {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new Problem(400, `The request is not as expected: ${toLine(result.error)}`);
    },
  });
}

export function answers<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

export function takes<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } };
}

export const jobParams = z.object({ id: jobIdSchema });

/** A repository's id has slashes, and stands in the path as it is. */
export const repositoryParams = z.object({ forge: z.string(), owner: z.string(), name: z.string() });

export function toRepositoryId({ forge, owner, name }: z.infer<typeof repositoryParams>): string {
  const id = repositoryIdSchema.safeParse(`${forge}/${owner}/${name}`);
  if (!id.success) throw new Problem(400, 'The path names no repository; expected <forge>/<owner>/<name>.');
  return id.data;
}

function toLine(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`)
    .join('; ');
}
