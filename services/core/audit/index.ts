/** What the audit log is: its records, the chain that holds them together, and the check of it. No I/O. */
export {
  type AuditEntry,
  type AuditHead,
  type AuditPage,
  auditHeadsName,
  auditPageSchema,
  formatHead,
  headSchema,
  parseHeads,
} from './page.ts';
export {
  type AuditEvent,
  type AuditRecord,
  auditEvents,
  auditRecordSchema,
  emptyHash,
  type NewAuditRecord,
  toAuditHash,
  toAuditText,
} from './record.ts';
export { type AuditFinding, createVerifier, type Verifier } from './verify.ts';
