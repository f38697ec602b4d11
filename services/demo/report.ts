import type { Ledger } from './ledger.ts';
import type { Times } from './times.ts';

/** One row: what must be true, and what was seen. */
export interface Claim {
  title: string;
  must: string;
  seen: string;
  ok: boolean;
  ms: number;
}

/** What the demo saw, and what `--json` prints. */
export interface Report {
  ok: boolean;
  claims: Claim[];
  /** Absent where the runs could not be measured. */
  times?: Times;
  ledger?: Ledger;
  seconds: number;
  /** Where everything is, with `--keep`. */
  kept?: string;
}
