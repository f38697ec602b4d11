import * as z from 'zod';

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** How far a chain is: the number and the hash of its last record; 0 and zeros where there is none. */
export const headSchema = z.object({ n: z.int().nonnegative(), hash: hashSchema });
export type AuditHead = z.infer<typeof headSchema>;

/** `GET /api/v1/audit`. The text of a record is the JSON that was hashed, as it is stored: it may be forged. */
export const auditPageSchema = z.object({
  entries: z.array(z.object({ n: z.int(), text: z.string(), hash: z.string() })),
  /** The record before the oldest that is kept. */
  anchor: headSchema,
  head: headSchema,
});
export type AuditPage = z.infer<typeof auditPageSchema>;
export type AuditEntry = AuditPage['entries'][number];

/** The file of heads of the single-machine edition, in its data folder. */
export const auditHeadsName = 'audit-heads';

/** A line of the file of heads: `<time, ISO 8601> <n> <hash>`. */
export function formatHead(at: Date, { n, hash }: AuditHead): string {
  return `${at.toISOString()} ${n} ${hash}\n`;
}

/** @throws where a line is no head; a line that a crash cut short is not taken for a proof. */
export function parseHeads(text: string): AuditHead[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, n = '', hash = ''] = /^(?:\S+ )?(\d{1,15})[ :]([0-9a-f]{64})$/.exec(line.trim()) ?? [];
      const head = headSchema.safeParse({ n: Number(n), hash });
      if (!head.success) throw new Error(`"${line.slice(0, 100)}" is no head; expected <time> <n> <sha256>.`);
      return head.data;
    });
}
