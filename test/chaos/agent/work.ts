import { z } from 'zod';

/** What a job of the chaos run does in place of a checkout and steps. It stands in the name of the branch. */
export interface Work {
  /** How long it takes, milliseconds. */
  ms: number;
  /** Chunks of its log, and their bytes. */
  chunks: number;
  bytes: number;
  /** `poison` kills every agent that takes it. */
  end: 'success' | 'failure' | 'poison';
}

export function toBranch({ ms, chunks, bytes, end }: Work, n: string): string {
  return `work-${ms}-${chunks}-${bytes}-${end}-${n}`;
}

export function parseWork(branch: string): Work {
  const [, ms = '0', chunks = '0', bytes = '0', end = 'success'] =
    /^work-(\d+)-(\d+)-(\d+)-(\w+)-/.exec(branch) ?? [];
  return {
    ms: Number(ms),
    chunks: Number(chunks),
    bytes: Number(bytes),
    end: z.enum(['success', 'failure', 'poison']).parse(end),
  };
}

/** The exact bytes of the log of one attempt. */
export function toLog({ chunks, bytes }: Work, fence: number): string[] {
  return Array.from({ length: chunks }, (_, n) => {
    const line = `fence ${fence} chunk ${n} `;
    return `${line}${'x'.repeat(Math.max(0, bytes - line.length - 1))}\n`;
  });
}

/**
 * What an agent writes down of itself: before it asks the api to record an end, and after it was told. Lines of
 * a file, so that they outlive it. `at` is the monotonic clock of the machine, milliseconds.
 */
export const noteSchema = z.object({
  at: z.number(),
  agent: z.string(),
  what: z.enum(['took', 'says', 'heard', 'left']),
  job: z.string().optional(),
  fence: z.number().optional(),
  outcome: z.string().optional(),
  answer: z.string().optional(),
  exit: z.number().optional(),
});
export type Note = z.infer<typeof noteSchema>;

/** What the driver asks an agent's process to do: one life of an agent. */
export const orderSchema = z.object({ agent: z.string(), token: z.string() });
export type Order = z.infer<typeof orderSchema>;
