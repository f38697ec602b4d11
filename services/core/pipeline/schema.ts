import * as z from 'zod';
import { jobEvents, secretNameSchema } from '../job/index.ts';

/**
 * The pipeline file as its author writes it: the part of Woodpecker v3's language that is understood
 * today. Editors get the JSON Schema that `toPipelineSchema` makes.
 */

/** Any scalar; the parser hands it over as the text that stands in the file. */
const scalar = z
  .string({ error: 'expected text' })
  .max(64 * 1024, 'expected at most 64 KiB of text')
  .meta({ type: ['string', 'number', 'boolean'] });

const list = <T extends z.ZodType>(item: T, what: string) =>
  z.array(item, { error: `expected a list of ${what}` });

const commandsSchema = z
  .union([scalar, list(scalar, 'commands').max(500, 'expected at most 500 commands')], {
    error: 'expected a command or a list of commands',
  })
  .describe('Run one after the other by `sh -e`; the first that fails ends the step.');

const patterns = z.union([scalar, list(scalar, 'patterns').max(100, 'expected at most 100 patterns')], {
  error: 'expected a pattern or a list of patterns',
});

const branchSchema = z
  .union(
    [
      scalar,
      list(scalar, 'patterns').max(100, 'expected at most 100 patterns'),
      z.strictObject({ include: patterns.optional(), exclude: patterns.optional() }),
    ],
    { error: 'expected a pattern, a list of patterns, or include and exclude' },
  )
  .describe(
    'Globs: `*` within a part of the name, `**` across parts. Tags have no branch: they always match.',
  );

const eventSchema = z.enum(jobEvents, { error: `expected ${jobEvents.join(', ')}` });

const conditionSchema = z.strictObject(
  {
    event: z
      .union([eventSchema, list(eventSchema, 'events')], { error: 'expected an event or a list of events' })
      .optional(),
    branch: branchSchema.optional(),
  },
  { error: 'expected a condition: branch, event' },
);

const whenSchema = z
  .union([conditionSchema, list(conditionSchema, 'conditions').max(50, 'expected at most 50 conditions')], {
    error: 'expected a condition or a list of conditions',
  })
  .describe('All keys of a condition have to be true; of a list of conditions, one.');

const environmentSchema = z.record(
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected letters, digits and _ in the name of a variable')
    .regex(/^(?!CI_|BELLOWS_)/, 'variables that begin with CI_ or BELLOWS_ cannot be set'),
  z.union(
    [
      scalar,
      z.strictObject({
        from_secret: z
          .string({ error: 'expected the name of a secret' })
          .pipe(secretNameSchema)
          .describe('A secret of the repository; only this step is given it, as this variable.'),
      }),
    ],
    { error: 'expected text as the value, or from_secret' },
  ),
  { error: 'expected variables and their values' },
);

export const stepSchema = z.strictObject(
  {
    name: scalar
      .regex(/^[^\p{Cc}]{1,100}$/u, 'expected a name of 1 to 100 characters on one line')
      .optional(),
    image: scalar.max(500, 'expected the name of an image').optional(),
    commands: commandsSchema.optional(),
    environment: environmentSchema.optional(),
    directory: scalar.optional().describe('Where the commands run, below the workspace.'),
    failure: z
      .enum(['ignore', 'fail'], { error: 'expected `failure: ignore`' })
      .optional()
      .describe('`ignore`: a failure is shown, and the next steps run.'),
    when: whenSchema.optional(),
  },
  { error: 'expected a step: name, image, commands, environment, directory, failure, when' },
);

const maxSteps = 100;

export const pipelineSchema = z.strictObject(
  {
    when: whenSchema.optional(),
    steps: z.union(
      [
        list(stepSchema, 'steps')
          .min(1, 'expected at least one step')
          .max(maxSteps, `expected at most ${maxSteps} steps`),
        z
          .record(scalar.max(100, 'expected a name of at most 100 characters'), stepSchema)
          .refine((steps) => Object.keys(steps).length > 0, 'expected at least one step')
          .refine((steps) => Object.keys(steps).length <= maxSteps, `expected at most ${maxSteps} steps`),
      ],
      {
        error: (issue) =>
          issue.input === undefined ? '`steps` is missing' : 'expected a list of steps, or steps by name',
      },
    ),
  },
  { error: 'expected `steps`' },
);

export type PipelineFile = z.infer<typeof pipelineSchema>;
export type StepFile = z.infer<typeof stepSchema>;
export type WhenFile = z.infer<typeof whenSchema>;

/** For editors: the language as JSON Schema (draft 2020-12). */
export function toPipelineSchema(): object {
  return z.toJSONSchema(pipelineSchema, { io: 'input' });
}
