import { type Found, findFiles } from '../core/execute/index.ts';
import { GlobError, type PathFilter, toPathFilter } from '../core/pipeline/index.ts';
import { otherFolders, type Report, reportPaths } from '../core/report/index.ts';
import type { FoundReports, ReportsOptions } from './found-reports.ts';

const mostFiles = 500;

/** Finds the reports of a job that its steps have left in the tree, and reads them. */
export async function findReports(options: ReportsOptions): Promise<FoundReports> {
  const { tree, settings, signal } = options;
  const patterns = settings === undefined ? reportPaths : [...settings.junit, ...settings.coverage];
  const skip = settings === undefined ? otherFolders : gitFolder;
  const filter = toFilter(patterns);
  if (typeof filter === 'string') return { summary: {}, reports: [], problems: [filter] };
  const found = await findFiles(tree, { filter, skip, most: mostFiles, signal });
  const problems = settings === undefined ? [] : toProblems(found, patterns);
  // Most jobs have none: what reads them is not loaded then.
  if (found.paths.length === 0) return { summary: {}, reports: [], problems };
  const { readReports } = await import('./read-reports.ts');
  const read = await readReports(found.paths, options);
  return { ...read, problems: [...problems, ...read.problems] };
}

/** The filter, or why there is none. */
function toFilter(patterns: readonly string[]): PathFilter | string {
  try {
    return toPathFilter(patterns);
  } catch (error) {
    if (error instanceof GlobError) return `The pattern ${error.message}.`;
    throw error;
  }
}

const gitFolder: ReadonlySet<string> = new Set(['.git']);

function toProblems({ paths, others, isCut }: Found, patterns: readonly string[]): string[] {
  return [
    ...(paths.length === 0 ? [`No file is called ${patterns.join(', ')}.`] : []),
    ...others.map((path) => `${path} is not read: it is no plain file.`).slice(0, 10),
    ...(isCut
      ? [`There are more than ${mostFiles} reports, or too many files to look at; the rest is not read.`]
      : []),
  ];
}

/** What a step says of the reports that it found, for its log. */
export function toReportLines({ reports, problems, summary }: FoundReports): string[] {
  const lines = reports.map(({ path, report }) => `${path}: ${toText(report)}`);
  const failing = (summary.tests?.failing ?? []).map((name) => `  failed: ${name}`);
  return [...lines, ...failing, ...problems];
}

function toText(report: Report): string {
  if (report.kind === 'other') return 'neither tests nor coverage';
  if (report.kind === 'junit') {
    const { passed, failed, skipped } = report.tests;
    return `${passed} passed, ${failed} failed, ${skipped} skipped`;
  }
  const { covered, total } = report.coverage;
  return `${covered} of ${total} lines are covered`;
}
