import { OpenAPIHono } from '@hono/zod-openapi';
import { z } from 'zod';
import { jobIdSchema, repositoryIdSchema } from '../core/job/index.ts';
import type { ApiEnv } from './env.ts';
import { Problem, type ProblemStatus, problemSchema, problemType } from './problem.ts';

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

/** An answer of another kind than JSON. */
export function answersText(type: string, description: string) {
  return { description, content: { [type]: { schema: z.string() } } };
}

export function takes<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } };
}

/** What a route refuses beside what all of them do (openapi/document.ts). */
export function refuses<S extends ProblemStatus>(...statuses: S[]) {
  const refusal = { description: '', content: { [problemType]: { schema: problemSchema } } };
  return Object.fromEntries(statuses.map((status) => [status, refusal])) as {
    [status in S]: typeof refusal;
  };
}

/** Beside the 200 of what is polled (etag.ts). */
export const notModified = { 304: { description: 'It is as the asker knows it.' } };

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
