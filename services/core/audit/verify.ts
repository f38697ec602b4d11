import type { AuditEntry, AuditHead } from './page.ts';
import { auditRecordSchema, emptyHash, toAuditHash } from './record.ts';

/** The first place where the chain is not as it was written. */
export interface AuditFinding {
  /** The number of the record. */
  n: number;
  reason: string;
}

export interface Verifier {
  /** The next record, oldest first. */
  add(entry: AuditEntry): void;
  /** What is broken first, if anything is. */
  finish(head: AuditHead): AuditFinding | undefined;
  /** How many records were looked at. */
  readonly records: number;
}

/**
 * Recomputes a chain from the record after `anchor` to its end. It finds a record that was changed, left
 * out, moved or added; what was cut off at the end is found by `known` heads, which were exported before.
 *
 * A chain whose records were all made anew is consistent: only a known head can tell.
 */
export function createVerifier(anchor: AuditHead, known: readonly AuditHead[] = []): Verifier {
  const wanted = new Map(known.map(({ n, hash }) => [n, hash]));
  let last = anchor;
  let records = 0;
  let trimmed: string | undefined;
  let finding: AuditFinding | undefined = findBadAnchor(anchor, wanted);

  return {
    get records() {
      return records;
    },
    add: (entry) => {
      records += 1;
      if (finding !== undefined) return;
      finding = findBadEntry(entry, last, wanted);
      last = { n: entry.n, hash: entry.hash };
      const record = readRecord(entry.text);
      if (record?.event === 'trimmed') trimmed = record.target;
    },
    finish: (head) => {
      if (finding !== undefined) return finding;
      if (head.n !== last.n || head.hash !== last.hash)
        return { n: last.n + 1, reason: `the records end at ${last.n}, but the log went on to ${head.n}` };
      const beyond = [...wanted.keys()].filter((n) => n > last.n).sort((a, b) => a - b)[0];
      if (beyond !== undefined)
        return { n: last.n + 1, reason: `the log ends at ${last.n}, but its head was ${beyond} once` };
      if (anchor.n > 0 && trimmed !== `${anchor.n} ${anchor.hash}`)
        return {
          n: anchor.n,
          reason: `the log begins after ${anchor.n}, but no record says that it was trimmed there`,
        };
      return undefined;
    },
  };
}

function findBadAnchor(anchor: AuditHead, wanted: ReadonlyMap<number, string>): AuditFinding | undefined {
  const hash = anchor.n === 0 ? emptyHash : (wanted.get(anchor.n) ?? anchor.hash);
  return hash === anchor.hash
    ? undefined
    : { n: anchor.n, reason: 'what was trimmed is not what was exported' };
}

function findBadEntry(
  { n, text, hash }: AuditEntry,
  last: AuditHead,
  wanted: ReadonlyMap<number, string>,
): AuditFinding | undefined {
  if (n !== last.n + 1) return { n: last.n + 1, reason: `it is missing; the next record is ${n}` };
  if (toAuditHash(last.hash, text) !== hash)
    return { n, reason: 'its hash is not that of its text and the record before' };
  if (readRecord(text)?.n !== n) return { n, reason: 'its text is not that of a record with this number' };
  if ((wanted.get(n) ?? hash) !== hash) return { n, reason: 'its hash is not the one that was exported' };
  return undefined;
}

function readRecord(text: string) {
  try {
    return auditRecordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
