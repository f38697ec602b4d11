import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { openTreeFile } from '../core/execute/index.ts';
import { type Report, ReportError, readReport, toSummary } from '../core/report/index.ts';
import type { FoundReports, ReportsOptions } from './found-reports.ts';

const mostFileBytes = 32 * 1024 * 1024;
const mostBytes = 64 * 1024 * 1024;

/** Reads files that may be reports; of those that nobody named, only what this job wrote. */
export async function readReports(
  paths: readonly string[],
  { tree, uid, settings, since, signal }: ReportsOptions,
): Promise<FoundReports> {
  const reports: { path: string; report: Report }[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  let left = mostBytes;
  for (const path of paths) {
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
