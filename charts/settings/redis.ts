import * as z from 'zod';
import { size } from './scalars.ts';

export const redisSchema = z
  .strictObject({
    memory: size.default('512Mi').describe('Jobs and live logs; 70 % of it is data.'),
    storage: size
      .default('4Gi')
      .describe('Its volume; the file that is being rewritten needs room beside the old one.'),
    servers: z
      .union([z.literal(1), z.literal(3)], {
        error: 'expected 1, or 3 that agree on which is the primary',
      })
      .default(1)
      .describe(
        'How many run. Of three, one may be lost: sentinels choose another primary within seconds, and nothing is acknowledged before a second one has it.',
      ),
    exporter: z
      .boolean()
      .default(false)
      .describe('Beside each, a program that tells Prometheus how it is (port 9121).'),
  })
  .prefault({});
