import * as z from 'zod';
import { bucketSchema } from './bucket.ts';
import { size } from './scalars.ts';

export const backupSchema = z
  .strictObject({
    at: z
      .string()
      .regex(
        /^(?:[\d*,/-]+ ){4}[\d*,/-]+$/,
        'expected five fields such as "30 2 * * *": minute, hour, day, month, weekday (UTC)',
      )
      .default('30 2 * * *')
      .describe('When copies are made, in the words of cron, UTC.'),
    days: z
      .int()
      .min(1)
      .max(3650)
      .default(14)
      .describe('How long a copy is kept; the newest three are kept in any case.'),
    volume: size
      .optional()
      .describe(
        'A volume of this size for each: of Redis, of Gitea, of PostgreSQL. It is lost with its disk.',
      ),
    bucket: bucketSchema.optional(),
  })
  .refine(
    ({ volume, bucket }) => (volume === undefined) !== (bucket === undefined),
    'expected either a volume or a bucket',
  )
  .optional()
  .describe('Where copies of Redis, Gitea and PostgreSQL go. Without it there are none.');
