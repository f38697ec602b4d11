import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type AuditEntry,
  type AuditHead,
  createVerifier,
  emptyHash,
  type NewAuditRecord,
  toAuditHash,
  toAuditText,
} from '../../../../services/core/audit/index.ts';

const begun: NewAuditRecord = { event: 'begun', actor: 'admin-token', action: 'POST /x', target: '/x' };

function toChain(length: number, from: AuditHead = { n: 0, hash: emptyHash }): AuditEntry[] {
  let { n, hash } = from;
  return Array.from({ length }, () => {
    n += 1;
    const text = toAuditText({ ...begun, n, at: n * 1000 });
    hash = toAuditHash(hash, text);
    return { n, text, hash };
  });
}

function verify(
  entries: readonly AuditEntry[],
  head: AuditHead,
  { anchor = { n: 0, hash: emptyHash }, known = [] as AuditHead[] } = {},
) {
  const verifier = createVerifier(anchor, known);
  for (const entry of entries) verifier.add(entry);
  return verifier.finish(head);
}

const chain = toChain(12);
const headAt = (n: number): AuditHead => chain[n - 1] ?? { n: 0, hash: emptyHash };

test('a chain as it was written is whole, and so is none', () => {
  expect(verify(chain, headAt(12), { known: [headAt(3), headAt(12)] })).toBeUndefined();
  expect(verify([], { n: 0, hash: emptyHash })).toBeUndefined();
});

test('any flipped byte of a text or a hash is found at its record', () => {
  fc.assert(
    fc.property(
      fc.nat(11),
      fc.nat(200),
      fc.integer({ min: 1, max: 127 }),
      fc.boolean(),
      (at, byte, flip, text) => {
        const entry = chain[at] ?? headAt(1);
        const bent = Buffer.from(text ? (entry as AuditEntry).text : entry.hash);
        const place = byte % bent.length;
        bent[place] = (bent[place] ?? 0) ^ flip;
        const forged = chain.map((kept, i) =>
          i === at ? { ...kept, [text ? 'text' : 'hash']: `${bent}` } : kept,
        );
        expect(verify(forged, headAt(12))?.n).toBe(at + 1);
      },
    ),
  );
});

test('a record that was left out, doubled or moved is found at its place', () => {
  fc.assert(
    fc.property(fc.nat(10), (at) => {
      expect(verify(chain.toSpliced(at, 1), headAt(12))?.n).toBe(at + 1);
      expect(verify(chain.toSpliced(at, 0, ...chain.slice(at, at + 1)), headAt(12))?.n).toBe(at + 2);
      const [one, two] = chain.slice(at, at + 2);
      expect(
        one !== undefined && two !== undefined && verify(chain.toSpliced(at, 2, two, one), headAt(12))?.n,
      ).toBe(at + 1);
    }),
  );
});

test('an end that was cut off is found by the head, and where that was cut too, by one that was exported', () => {
  expect(verify(chain.slice(0, 9), headAt(12))).toEqual({
    n: 10,
    reason: 'the records end at 9, but the log went on to 12',
  });
  expect(verify(chain.slice(0, 9), headAt(9))).toBeUndefined();
  expect(verify(chain.slice(0, 9), headAt(9), { known: [headAt(11)] })).toEqual({
    n: 10,
    reason: 'the log ends at 9, but its head was 11 once',
  });
});

test('a chain that was made anew is told by a head that was exported', () => {
  const forged = toChain(12).map((entry) => ({
    ...entry,
    text: entry.text.replace('admin-token', 'launcher'),
  }));
  let hash = emptyHash;
  const anew = forged.map(({ n, text }) => {
    hash = toAuditHash(hash, text);
    return { n, text, hash };
  });
  expect(verify(anew, { n: 12, hash })).toBeUndefined();
  expect(verify(anew, { n: 12, hash }, { known: [headAt(5)] })).toEqual({
    n: 5,
    reason: 'its hash is not the one that was exported',
  });
});

test('a trimmed chain is whole where a record in it says so, and not where records were just dropped', () => {
  const anchor = headAt(4);
  const text = toAuditText({
    n: 13,
    at: 13_000,
    event: 'trimmed',
    actor: 'api',
    action: 'trim',
    target: `${anchor.n} ${anchor.hash}`,
  });
  const last = { n: 13, text, hash: toAuditHash(headAt(12).hash, text) };
  const kept = [...chain.slice(4), last];
  expect(verify(kept, last, { anchor, known: [headAt(2), headAt(4)] })).toBeUndefined();
  expect(verify(chain.slice(4), headAt(12), { anchor })?.n).toBe(4);
  expect(verify(chain.slice(6), headAt(12), { anchor: headAt(6) })?.n).toBe(6);
  expect(verify([...chain.slice(5), last], last, { anchor: headAt(5) })?.n).toBe(5);
  expect(verify(kept, last, { anchor, known: [{ n: 4, hash: emptyHash }] })?.n).toBe(4);
});
