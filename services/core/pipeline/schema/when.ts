import * as z from 'zod';
import { flag, list, says, some, text } from './scalar.ts';

/** The events of Woodpecker v3. */
export const pipelineEvents = [
  'push',
  'pull_request',
  'pull_request_closed',
  'pull_request_metadata',
  'tag',
  'release',
  'deployment',
  'cron',
  'manual',
] as const;

const patterns = some(text, 'patterns');

export const patternsShape = {
  include: says(patterns.optional(), 'One of these has to match.'),
  exclude: says(patterns.optional(), 'None of these may match.'),
};

const patternsSchema = z
  .union([text, list(text, 'patterns'), z.strictObject(patternsShape)], {
    error: 'expected a pattern, a list of patterns, or include and exclude',
  })
  .meta({ id: 'patterns' });

const matching = (description: string) => says(patternsSchema.optional(), description);

export const pathShape = {
  include: says(patterns.optional(), 'One of the changed files has to match one of these.'),
  exclude: says(patterns.optional(), 'Not met where each of the changed files matches one of these.'),
  ignore_message: says(
    text.optional(),
    'Where the commit message has this text, in whatever case, all conditions on paths are met.',
  ),
  on_empty: says(flag.optional(), 'Whether it is met where nothing was changed. Default: `true`.'),
};

const axes = z.record(text, text, { error: 'expected variables of the matrix and their values' });
const matrixSchema = z.union([z.strictObject({ include: axes.optional(), exclude: axes.optional() }), axes], {
  error: 'expected variables of the matrix and their values',
});

const eventSchema = z.enum(pipelineEvents, { error: `expected ${pipelineEvents.join(', ')}` });
export const statusSchema = z.enum(['success', 'failure'], { error: 'expected success or failure' });

export const whenShape = {
  event: says(some(eventSchema, 'events').optional(), 'What happened.'),
  branch: matching(
    'The branch that was pushed to, or the target of a pull request. Globs: `*` within a part of the name, `**` across parts. Tags have no branch: they always match.',
  ),
  ref: matching('The git ref, as in `refs/tags/v*`.'),
  path: says(
    z
      .union([text, list(text, 'patterns'), z.strictObject(pathShape)], {
        error: 'expected a pattern, a list of patterns, or include, exclude, ignore_message and on_empty',
      })
      .optional(),
    'Globs of the files that were changed. Asked of pushes and pull requests; always met for other events, and where the files are not known.',
  ),
  status: says(
    some(statusSchema, 'statuses').optional(),
    'What has become of the steps before. Default: `success`.',
  ),
  repo: matching('The repository: `owner/name`.'),
  platform: matching('Of the agent, as in `linux/arm64`.'),
  instance: matching('The host name of this platform.'),
  cron: matching('The name of the schedule. Asked of `cron` only.'),
  matrix: says(matrixSchema.optional(), 'Values of the variables of a matrix; globs. Of steps only.'),
  evaluate: says(
    text.max(4096, 'expected at most 4096 characters').optional(),
    'An expression of expr-lang that has to be true. It knows the `CI_*` variables and those of the matrix.',
  ),
  local: says(flag.optional(), '`false`: not in `bellows run`.'),
};

const conditionSchema = z
  .strictObject(whenShape, { error: 'expected a condition with its keys: event, branch and the like' })
  .meta({ id: 'condition' });

export const whenSchema = says(
  z.union([conditionSchema, list(conditionSchema, 'conditions', 50)], {
    error: 'expected a condition or a list of conditions',
  }),
  'When it runs. All keys of a condition have to be met; of a list of conditions, one.',
);

export type WhenFile = z.infer<typeof whenSchema>;
export type ConditionFile = z.infer<typeof conditionSchema>;
