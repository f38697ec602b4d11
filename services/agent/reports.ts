import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Found, findFiles, openTreeFile } from '../core/execute/index.ts';
import { type ReportsSettings, toPathFilter } from '../core/pipeline/index.ts';
import {
  otherFolders,
  type Report,
  ReportError,
  type ReportSummary,
  readReport,
  reportPaths,
  toSummary,
} from '../core/report/index.ts';

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

const mostFiles = 500;
const mostFileBytes = 32 * 1024 * 1024;
const mostBytes = 64 * 1024 * 1024;

/** Finds the reports of a job that its steps have left in the tree, and reads them. */
export async function findReports(options: ReportsOptions): Promise<FoundReports> {
  const { tree, uid, settings, since, signal } = options;
  const patterns = settings === undefined ? reportPaths : [...settings.junit, ...settings.coverage];
  const filter = toPathFilter(patterns);
  const skip = settings === undefined ? otherFolders : gitFolder;
  const found = await findFiles(tree, { filter, skip, most: mostFiles, signal });
  const problems = settings === undefined ? [] : toProblems(found, patterns);
  const reports: { path: string; report: Report }[] = [];
  const seen = new Set<string>();
  let left = mostBytes;
  for (const path of found.paths) {
    signal.throwIfAborted();
    const opened = await openTreeFile(tree, path, uid);
    if (opened === undefined) continue;
    try {
      // What stands in the repository is nobody's result.
      if (settings === undefined && opened.mtimeMs <= since) continue;
      if (opened.size > Math.min(mostFileBytes, left)) {
        problems.push(
          `${path} is not read: it has ${opened.size} bytes, and ${mostFileBytes} are read of one file, ${mostBytes} of all.`,
        );
        continue;
      }
      left -= opened.size;
      const { report, digest } = await readFile(opened.file, opened.size);
      // Some tools copy their reports to one place.
      if (!seen.has(digest)) reports.push({ path, report });
      seen.add(digest);
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      problems.push(`${path} cannot be read: ${error.message}.`);
    } finally {
      await opened.file.close();
    }
  }
  return { summary: toSummary(reports), reports, problems };
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

async function readFile(file: FileHandle, size: number): Promise<{ report: Report; digest: string }> {
  const hash = createHash('sha256');
  async function* parts(): AsyncGenerator<Uint8Array> {
    if (size === 0) return;
    // Not more than was looked at: who still writes could go on for ever.
    for await (const part of file.createReadStream({ start: 0, end: size - 1, autoClose: false })) {
      hash.update(part as Buffer);
      yield part as Buffer;
    }
  }
  const report = await readReport(parts());
  return { report, digest: hash.digest('base64') };
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
