import type { ReportsSettings } from '../core/pipeline/index.ts';
import type { Report, ReportSummary } from '../core/report/index.ts';

export interface ReportsOptions {
  tree: string;
  /** Who steps run as, where that is not us. */
  uid: number | undefined;
  /** What the file asks for. @default where the usual tools write, and only what this job wrote */
  settings: ReportsSettings | undefined;
  /** When the files of the commit were all there, milliseconds since 1970. */
  since: number;
  signal: AbortSignal;
}

export interface FoundReports {
  summary: ReportSummary;
  reports: readonly { path: string; report: Report }[];
  /** What could not be read, or was too much: a line each, for the author. */
  problems: readonly string[];
}
