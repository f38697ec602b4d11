import * as z from 'zod';
import { bucketSchema } from './bucket.ts';
import { size } from './scalars.ts';

export const archiveSchema = z
  .strictObject({
    volume: size
      .optional()
      .describe(
        'A volume of this size, mounted by every replica of the api: for one node, or a storage class that several nodes may mount.',
      ),
    bucket: bucketSchema.optional(),
    days: z.int().min(1).max(3650).default(90).describe('How long an archived log is kept, at most.'),
    caches: z
      .string()
      .regex(/^[1-9][0-9]{0,4}Gi$/, 'expected a size such as "20Gi"')
      .optional()
      .describe(
        'How much of it the caches of jobs may take; what was not used for longest goes first. Without it there are none.',
      ),
  })
  .refine(
    ({ volume, bucket }) => (volume === undefined) !== (bucket === undefined),
    'expected either a volume or a bucket',
  )
  .optional()
  .describe('Where logs go when their job has ended. Without it they stay in Redis for 30 days.');
