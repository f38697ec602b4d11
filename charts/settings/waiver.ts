import * as z from 'zod';
import { label } from './scalars.ts';

/** What `./bellows diff` refuses (charts/review/diff) unless it is waived. */
export const blockingRules = [
  'pruned-state',
  'immutable',
  'selector-drift',
  'crd-shrinks',
  'widened-access',
  'opened-network',
] as const;

export const waiverSchema = z
  .strictObject({
    rule: z.enum(blockingRules).describe('What it lets pass.'),
    object: z
      .string()
      .max(400)
      .regex(
        /^[A-Z][A-Za-z]* (?:[a-z0-9.-]+\/)?[A-Za-z0-9.:_-]+$/,
        'expected an object as the diff calls it such as "StatefulSet ci/redis"',
      )
      .describe('Whose change.'),
    clusters: z.array(label).min(1).max(100).optional().describe('Where. Without it: in every cluster.'),
    because: z.string().trim().min(10).max(500).describe('Why that is right; reviewers read it.'),
    until: z.iso
      .date({ error: 'expected a day such as "2026-12-31"' })
      .describe('The last day on which it holds (UTC).'),
  })
  .describe('A change that ./bellows diff blocks, and that somebody has answered for.');

export type Waiver = z.output<typeof waiverSchema>;
