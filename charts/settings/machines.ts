import * as z from 'zod';
import { size } from './scalars.ts';

export const machineSchema = z
  .strictObject({
    arch: z.enum(['amd64', 'arm64']).describe('What it is.'),
    cpu: z.int().min(1).max(1024).describe('Its cores.'),
    memory: size.describe('Its memory.'),
    disk: size.optional().describe('What pods may fill of its disk. Without it disks are not counted.'),
    gpus: z.int().min(0).max(16).optional().describe('Its GPUs of NVIDIA; without it, none.'),
    count: z.int().min(1).max(100).default(1).describe('How many are like this.'),
    monthly: z
      .number()
      .min(0)
      .max(1e6)
      .optional()
      .describe(
        'What one costs a month, in any money. With it on every machine, ./bellows diff says what a change takes of it.',
      ),
  })
  .describe('A machine of the cluster.');

export const k3sSchema = z
  .strictObject({
    servers: z
      .union([z.literal(1), z.literal(3)], { error: "expected 1, or 3 that keep each other's state" })
      .default(1)
      .describe('How many machines keep the state of the cluster. Of three, one may be lost.'),
    labels: z
      .record(
        z
          .string()
          .max(300)
          .regex(/^(?:[a-z0-9.-]+\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'expected a label'),
        z
          .string()
          .regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, 'expected a value of a label'),
      )
      .default({})
      .describe('Labels of every machine, from when it joins.'),
    mirrors: z
      .record(
        z
          .string()
          .max(200)
          .regex(/^(?:\*|[a-z0-9.-]+(?::[0-9]{1,5})?)$/, 'expected a registry such as "docker.io"'),
        z
          .array(
            z
              .string()
              .max(300)
              .regex(
                /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._/-]*)?$/,
                'expected an address such as "https://mirror.home.arpa"',
              ),
          )
          .min(1)
          .max(10),
      )
      .default({})
      .describe('Where images of a registry are looked for first, by registry; "*" is every other one.'),
  })
  .prefault({})
  .describe('What dist/hosts tells the machines.');

export const gpuSchema = z
  .strictObject({
    plugin: z
      .boolean()
      .default(true)
      .describe("Whether NVIDIA's device plugin is brought, where a pool has GPUs; false where it is there."),
    shares: z
      .int()
      .min(1)
      .max(32)
      .default(1)
      .describe(
        'Into how many shares each GPU is divided in time; nothing keeps their memory apart. 1: whoever has it has it alone.',
      ),
  })
  .prefault({})
  .describe('How GPUs are given out.');
