import type { Redis } from 'ioredis';
import * as z from 'zod';
import {
  type AuditEntry,
  type AuditHead,
  type AuditPage,
  emptyHash,
  type NewAuditRecord,
  toAuditHash,
  toAuditText,
} from '../audit/index.ts';
import { AccessError, ask } from './ask.ts';
import { appendScript, lookScript, refuseScript } from './audit-scripts.ts';
import { keys } from './keys.ts';
import { createScript } from './run-script.ts';

/** Of different refusals between two writings; the others are counted together. */
const differentRefusals = 24;
/** Records of one script call. */
const batch = 100;
/** Each lost try is another's success, so this many in a row means that something else is wrong. */
const tries = 100;

/**
 * The hash-chained log of who changed what. Several replicas append to one chain: a record is written only
 * where the head is still the one it was hashed for, else it is hashed anew.
 */
export interface AuditChain {
  /** Resolves to its number when the record is on disk. */
  append(record: NewAuditRecord): Promise<number>;
  /** Counts a refusal; `writeRefusals` makes records of them, as many as it has room for. */
  refuse(refusal: Refusal): Promise<void>;
  writeRefusals(): Promise<void>;
  /** Oldest first after a number, or newest first before one. */
  read(page: { after: number; limit: number } | { before: number; limit: number }): Promise<AuditPage>;
  head(): Promise<AuditHead>;
}

export type Refusal = Pick<NewAuditRecord, 'actor' | 'action' | 'target' | 'address' | 'status'>;

interface Waiting {
  record: NewAuditRecord;
  resolve(n: number): void;
  reject(error: unknown): void;
}

/** @param keep how many records are kept; an eighth more before it is trimmed. */
export function createAuditChain(redis: Redis, keep: number): AuditChain {
  const look = createScript(redis, lookScript);
  const write = createScript(redis, appendScript);
  const count = createScript(redis, refuseScript);
  const waiting: Waiting[] = [];
  let draining = false;

  const readState = async () => toState(await look([keys.auditChain, keys.audit], [keep]));

  /** Writes what `toRecords` wants written after the head; it is asked again when another was faster. */
  const put = async (
    toRecords: () => Promise<{ records: NewAuditRecord[]; told?: readonly (string | number)[] }>,
  ): Promise<number> => {
    for (let i = 0; i < tries; i++) {
      const { head, at, excess } = await readState();
      const { records, told = [] } = await toRecords();
      if (records.length === 0) return head.n;
      const trimmed: NewAuditRecord[] =
        excess === undefined
          ? []
          : [{ event: 'trimmed', actor: 'api', action: 'trim', target: `${excess.n} ${excess.hash}` }];
      const chained = toChained(head, at, [...records, ...trimmed]);
      const stored = head.n === 0 ? '' : head.hash;
      const args = [head.n, stored, excess?.n ?? 0, excess?.hash ?? '', chained.length / 2, ...chained];
      const written = await write([keys.auditChain, keys.audit, keys.refusals], [...args, ...told]);
      if (written === 1) return head.n;
    }
    throw new AccessError('The audit log cannot be written, so nothing is changed.');
  };

  const drain = async () => {
    if (draining) return;
    draining = true;
    while (waiting.length > 0) {
      const now = waiting.splice(0, batch);
      try {
        const before = await put(async () => ({ records: now.map(({ record }) => record) }));
        for (const [at, { resolve }] of now.entries()) resolve(before + at + 1);
      } catch (error) {
        for (const { reject } of now) reject(error);
      }
    }
    draining = false;
  };

  return {
    append: (record) =>
      new Promise<number>((resolve, reject) => {
        waiting.push({ record, resolve, reject });
        void drain();
      }),
    refuse: async (refusal) => {
      await count([keys.refusals], [toField(refusal), differentRefusals, toField(others)]);
    },
    writeRefusals: async () => {
      await put(async () => {
        // Whoever else writes them moves the head, and this is asked again.
        const counts = Object.entries(await ask(redis.hgetall(keys.refusals)));
        return { records: counts.map(toRefused), told: counts.flat() };
      });
    },
    read: async (page) => {
      // The head first: where no record comes after the last one, that head is the last one's.
      const { head, anchor } = await readState();
      const reply = await ask(
        'after' in page
          ? redis.xrange(keys.audit, `(${page.after}`, '+', 'COUNT', page.limit)
          : redis.xrevrange(keys.audit, `${page.before - 1}`, '-', 'COUNT', page.limit),
      );
      return { entries: reply.map(toEntry), anchor, head };
    },
    head: async () => (await readState()).head,
  };
}

function toChained(head: AuditHead, at: number, records: readonly NewAuditRecord[]): string[] {
  let { n, hash } = head;
  return records.flatMap((record) => {
    n += 1;
    const text = toAuditText({ ...record, n, at });
    hash = toAuditHash(hash, text);
    return [text, hash];
  });
}

const stateSchema = z
  .tuple([z.coerce.number(), z.string(), z.coerce.number(), z.string(), z.number()])
  .rest(z.unknown());

function toState(reply: unknown) {
  const [n, hash, anchor, anchorHash, at, last, lastHash] = stateSchema.parse(reply);
  const excess =
    typeof last === 'number' && typeof lastHash === 'string' ? { n: last, hash: lastHash } : undefined;
  return {
    head: { n, hash: hash === '' ? emptyHash : hash },
    anchor: { n: anchor, hash: anchorHash === '' ? emptyHash : anchorHash },
    at,
    excess,
  };
}

function toEntry([id, fields]: [string, string[]]): AuditEntry {
  return { n: Number(id.split('-')[0]), text: fields[1] ?? '', hash: fields[3] ?? '' };
}

const others: Refusal = { actor: 'others', action: 'others', target: '' };
const fieldSchema = z.tuple([z.string(), z.string(), z.string(), z.string().nullable(), z.int().nullable()]);

function toField({ actor, action, target, address, status }: Refusal): string {
  return JSON.stringify([actor, action, target, address ?? null, status ?? null]);
}

function toRefused([field, times]: [string, string]): NewAuditRecord {
  const [actor, action, target, address, status] = fieldSchema.parse(JSON.parse(field));
  return {
    event: 'refused',
    actor,
    action,
    target,
    ...(address === null ? {} : { address }),
    ...(status === null ? {} : { status }),
    times: Number(times),
  };
}
