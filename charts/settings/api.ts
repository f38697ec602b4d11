import * as z from 'zod';
import { size } from './scalars.ts';

export const apiSchema = z
  .strictObject({
    replicas: z.int().min(1).max(10).default(2).describe('How many are ready to take a webhook.'),
    most: z
      .int()
      .min(2)
      .max(20)
      .optional()
      .describe('With it there are up to so many while they are busy. k3s measures what they use.'),
    memory: size.default('256Mi').describe('Memory of one replica.'),
    logLevel: z
      .enum(['trace', 'debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('The least important lines that are logged.'),
  })
  .refine(({ replicas, most }) => most === undefined || (replicas >= 2 && most > replicas), {
    path: ['most'],
    error: 'expected more than "replicas", which are at least 2',
  })
  .prefault({});
