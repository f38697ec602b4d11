import * as z from 'zod';

// Single values that several settings are made of.

/** RFC 1123 label, short enough that what Kubernetes and KEDA append to it still fits in 63 characters. */
export const label = z
  .string()
  .regex(
    /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
    'expected a name such as "amd64-m": 1 to 40 of a-z, 0-9 and -, beginning with a letter',
  );

export const size = z
  .string()
  .regex(/^[1-9][0-9]{0,5}(?:Mi|Gi)$/, 'expected a size such as "512Mi" or "4Gi"');

export const domain = z
  .string()
  .max(200)
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'expected a domain such as "home.arpa"',
  );

/** Of an account, as Gitea takes it. */
export const giteaName = z
  .string()
  .max(40)
  .regex(/^[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*$/, 'expected a name such as "acme"');

export const cpu = z.number().min(0.1).max(256);

export function isAtMost(count: number): (record: object) => boolean {
  return (record) => Object.keys(record).length <= count;
}

export function isNotEmpty(record: object): boolean {
  return Object.keys(record).length > 0;
}
