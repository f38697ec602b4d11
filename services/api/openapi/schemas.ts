import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { z } from 'zod';
import { auditPageSchema } from '../../core/audit/index.ts';
import {
  acceptedSchema,
  agentSchema,
  apiTokenSchema,
  artifactSchema,
  claimRequestSchema,
  claimSchema,
  completionSchema,
  createdTokenSchema,
  cronSettingsSchema,
  cronViewSchema,
  jobAnswerSchema,
  jobEventSchema,
  jobPageSchema,
  jobResultSchema,
  jobSchema,
  jobSpecSchema,
  logTextSchema,
  meSchema,
  newTokenSchema,
  outcomeSchema,
  pipelineSchema,
  poolSchema,
  queueEntrySchema,
  queueSchema,
  repositoryPatchSchema,
  repositorySchema,
  sessionSchema,
  stepFactSchema,
  stepSchema,
  triggerSchema,
} from '../../core/job/index.ts';
import { problemSchema } from '../problem.ts';

/** What has a name in the document; a schema stands behind those that it is made of. */
export const namedSchemas: Readonly<Record<string, z.ZodType>> = {
  Step: stepSchema,
  JobResult: jobResultSchema,
  JobSpec: jobSpecSchema,
  Job: jobSchema,
  JobPage: jobPageSchema,
  JobAnswer: jobAnswerSchema,
  JobEvent: jobEventSchema,
  Trigger: triggerSchema,
  Accepted: acceptedSchema,
  LogText: logTextSchema,
  Artifact: artifactSchema,
  Repository: repositorySchema,
  RepositoryPatch: repositoryPatchSchema,
  CronSettings: cronSettingsSchema,
  Cron: cronViewSchema,
  ClaimRequest: claimRequestSchema,
  Claim: claimSchema,
  StepFact: stepFactSchema,
  Outcome: outcomeSchema,
  Completion: completionSchema,
  Agent: agentSchema,
  Pool: poolSchema,
  QueueEntry: queueEntrySchema,
  Queue: queueSchema,
  Pipeline: pipelineSchema,
  ApiToken: apiTokenSchema,
  CreatedToken: createdTokenSchema,
  NewToken: newTokenSchema,
  Me: meSchema,
  Session: sessionSchema,
  AuditPage: auditPageSchema,
  Problem: problemSchema,
};

/** JSON Schema by name, and how to put the names where the schemas stand. */
export function createNames() {
  const names = new Map<string, string>();
  const schemas: Record<string, object> = {};

  /** From the leaves up, so that what holds a named schema is compared with the name in it. */
  const refer = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(refer);
    if (typeof node !== 'object' || node === null) return node;
    const parts = Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, key === 'pattern' ? toPattern(value) : refer(value)]),
    );
    const name = names.get(JSON.stringify(parts));
    return name === undefined ? parts : { $ref: `#/components/schemas/${name}` };
  };

  for (const [name, schema] of Object.entries(namedSchemas)) {
    const json = refer(toJsonSchema(schema)) as object;
    names.set(JSON.stringify(json), name);
    schemas[name] = json;
  }
  return { schemas, refer };
}

/** The generator leaves a flag behind the pattern; in JSON Schema all are Unicode without saying so. */
function toPattern(pattern: unknown): unknown {
  return typeof pattern === 'string' ? pattern.replace(/\/u$/, '') : pattern;
}

/** By the generator of the routes, so that the same schema is the same JSON. */
function toJsonSchema(schema: z.ZodType): unknown {
  const app = new OpenAPIHono();
  const content = { 'application/json': { schema } };
  app.openAPIRegistry.registerPath(
    createRoute({ method: 'get', path: '/', responses: { 200: { description: '', content } } }),
  );
  const document = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: '', version: '' } });
  return document.paths?.['/']?.get?.responses?.['200']?.content?.['application/json']?.schema;
}
