import * as z from 'zod';
import { label } from './scalars.ts';

export const bucketSchema = z
  .strictObject({
    url: z
      .string()
      .max(300)
      .regex(
        /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._-]+)+$/,
        'expected an endpoint with a bucket such as "https://s3.example.org/logs"',
      )
      .describe('The endpoint and the bucket, which has to exist.'),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'expected a region such as "us-east-1"')
      .default('us-east-1')
      .describe('As the store calls it.'),
    credentials: label.describe('A Secret in the namespace ci with s3-access-key and s3-secret-key.'),
    addresses: z
      .array(z.cidrv4('expected a range such as "192.168.1.10/32"'))
      .min(1)
      .max(32)
      .optional()
      .describe('Where the store is, if it has no public address: the api may reach it there.'),
  })
  .describe('A bucket of any S3-compatible store.');
