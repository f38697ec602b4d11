import { createHash } from 'node:crypto';
import * as z from 'zod';

/**
 * `begun` is written before a change is made, and `ended` after it, with the answer: a change that was
 * made by an api which then died has a `begun` alone. `refused` counts repeats. `trimmed` names the last
 * record that the log let go of.
 */
export const auditEvents = ['begun', 'ended', 'refused', 'signed in', 'trimmed'] as const;
export type AuditEvent = (typeof auditEvents)[number];

export const auditRecordSchema = z.strictObject({
  /** 1 for the first record ever; no number is left out. */
  n: z.int().positive(),
  /** Milliseconds since 1970, by Redis' clock; never less than that of the record before. */
  at: z.int().nonnegative(),
  event: z.enum(auditEvents),
  /** Who: `admin-token`, `token:ci`, `user:gitea:ada`, `nobody`. */
  actor: z.string().max(300),
  /** What: the method and the pattern of the route. */
  action: z.string().max(300),
  /** On what: the path, or what the route says that it was about. */
  target: z.string().max(300),
  /** Where the request came from. */
  address: z.string().max(100).optional(),
  /** What HTTP answered. */
  status: z.int().optional(),
  /** Of `ended`: the number of its `begun`. */
  of: z.int().positive().optional(),
  /** Of `refused`: how often since it was last written. */
  times: z.int().positive().optional(),
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;

/** Its place and time are given by the chain. */
export type NewAuditRecord = Omit<AuditRecord, 'n' | 'at'>;

/** Stands before the first record. */
export const emptyHash = '0'.repeat(64);

/** The text that is hashed: JSON, its members in the schema's order, so that a record has just one. */
export function toAuditText(record: AuditRecord): string {
  return JSON.stringify(auditRecordSchema.parse(record), Object.keys(auditRecordSchema.shape));
}

/** sha256, hex, of the hash before (64 characters, so that no two inputs run together) and the text. */
export function toAuditHash(before: string, text: string): string {
  return createHash('sha256').update(before).update(text).digest('hex');
}
