import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type AuditRecord,
  formatHead,
  parseHeads,
  toAuditHash,
  toAuditText,
} from '../../../../services/core/audit/index.ts';

const record: AuditRecord = {
  n: 7,
  at: 1_800_000_000_000,
  event: 'ended',
  actor: 'user:gitea:7',
  action: 'POST /api/v1/jobs/:id/cancel',
  target: '/api/v1/jobs/0123456789abcdef0123',
  status: 200,
  of: 6,
};

test('a record has one text, in whatever order it was put together', () => {
  const text =
    '{"n":7,"at":1800000000000,"event":"ended","actor":"user:gitea:7","action":"POST /api/v1/jobs/:id/cancel","target":"/api/v1/jobs/0123456789abcdef0123","status":200,"of":6}';
  expect(toAuditText(record)).toBe(text);
  expect(toAuditText(Object.fromEntries(Object.entries(record).reverse()) as AuditRecord)).toBe(text);
});

test('no two pairs of a hash and a text are hashed as the same bytes', () => {
  const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
  fc.assert(
    fc.property(hash, fc.string(), hash, fc.string(), (a, one, b, two) => {
      expect(toAuditHash(a, one) === toAuditHash(b, two)).toBe(a === b && one === two);
    }),
  );
});

test('heads are read as they were written, and as a person copies them; nothing else is one', () => {
  const head = { n: 12, hash: 'ab'.repeat(32) };
  const line = formatHead(new Date(0), head);
  expect(line).toBe(`1970-01-01T00:00:00.000Z 12 ${head.hash}\n`);
  expect(parseHeads(`${line}\n12:${head.hash}`)).toEqual([head, head]);
  for (const text of ['x', '12', `-1 ${head.hash}`, `1 ${head.hash}0`, line.slice(0, -9)])
    expect(() => parseHeads(text)).toThrow('is no head');
});
