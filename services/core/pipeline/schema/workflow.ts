import * as z from 'zod';
import { anything, duration, flag, list, ours, says, some, text, variableName, whole } from './scalar.ts';
import { cloneSchema, needsSchema, servicesSchema, stepsSchema } from './step.ts';
import { statusSchema, whenSchema } from './when.ts';

export const concurrencyShape = {
  limit: says(whole(1, 1000), 'How many jobs of the group run at once.'),
  group: says(
    text.max(200, 'expected at most 200 characters').optional(),
    'Default: the name of the workflow.',
  ),
};

export const cacheShape = {
  name: says(text.max(100, 'expected at most 100 characters').optional(), 'In a map, its key.'),
  paths: says(
    some(text, 'paths'),
    'What is kept: below the workspace, or below the home where it begins with `~/`.',
  ),
  key: says(
    some(text, 'patterns').optional(),
    'Globs of the files whose contents say whether it still fits.',
  ),
};

const cacheSchema = z.union(
  [
    z
      .enum(['auto', 'off', 'on', 'true', 'false'], { error: 'expected auto or off' })
      .meta({ json: { enum: ['auto', 'off', true, false] } }),
    list(z.strictObject(cacheShape, { error: 'expected a cache: name, paths, key' }), 'caches', 20),
    z.record(z.string().max(100), z.strictObject(cacheShape, { error: 'expected a cache: paths, key' })),
  ],
  { error: 'expected auto, off, or caches with paths and key' },
);

export const workspaceShape = {
  base: says(
    text.regex(/^\//, 'expected a path that begins with /').optional(),
    'Where the containers find it.',
  ),
  path: says(text.optional(), 'Below `base`: where the tree is.'),
};

const axis = some(text, 'values', 27);
const matrixSchema = z.record(
  z.union([z.literal('include'), variableName]),
  z.union([axis, list(z.record(variableName, text), 'entries', 27)], { error: 'expected a list of values' }),
  { error: 'expected variables and their values' },
);

export const workflowShape = {
  $schema: says(text.optional(), 'For editors.'),
  variables: says(anything.optional(), 'A place for anchors (`&name`); nothing in it is read.'),
  when: whenSchema.optional(),
  matrix: says(
    matrixSchema.optional(),
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of the pipeline file.
    'One job for each combination of the values, at most 27; or for each entry of `include`. `${NAME}` is the value, and so is the variable `NAME` in a step.',
  ),
  labels: says(
    z.record(text, text, { error: 'expected labels and their values' }).optional(),
    'What the agent has to be like: `platform: linux/arm64`, or labels of a pool. Empty ones, and those of `woodpecker-ci.org`, are left out.',
  ),
  depends_on: says(needsSchema.optional(), 'Workflows that have to end first.'),
  runs_on: says(
    some(statusSchema, 'statuses').optional(),
    'How those may have ended. Woodpecker’s older way; `when: [{ status: [success, failure] }]` is the newer.',
  ),
  concurrency: ours(
    says(
      z
        .union([whole(1, 1000), z.strictObject(concurrencyShape)], {
          error: 'expected a number, or limit and group',
        })
        .optional(),
      'How many of it run at once; the others wait. As in Woodpecker’s newest.',
    ),
  ),
  timeout: ours(
    says(
      duration.optional(),
      'How long the job may run: `1h30m`. Default: as long as the repository allows.',
    ),
  ),
  cache: ours(
    says(
      cacheSchema.optional(),
      'What is kept for the next job. `auto`: what the lock files of the tree suggest. Default: `auto`.',
    ),
  ),
  clone: cloneSchema.optional(),
  skip_clone: says(flag.optional(), '`true`: the job begins in an empty folder.'),
  workspace: says(z.strictObject(workspaceShape).optional(), 'Where containers find the tree.'),
  services: servicesSchema.optional(),
  steps: stepsSchema,
};

export const workflowSchema = z.strictObject(workflowShape, { error: 'expected `steps`' });
export type WorkflowFile = z.infer<typeof workflowSchema>;
