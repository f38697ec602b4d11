import type { CacheResult, JobResult, StepResult } from '../job/index.ts';
import { formatBytes } from './size.ts';
import { toDisplay } from './text.ts';
import { formatDuration } from './time.ts';

const hits = { exact: 'hit', older: 'older', miss: 'miss' } as const;
const mostFailing = 10;

/** What a job measured beside its steps, as names and lines that are safe to show. */
export function toMeasuredFacts(result: JobResult): [name: string, value: string][] {
  const { cloneMs, caches = [], tests, coverage, artifacts } = result;
  return [
    ...only('clone', cloneMs === undefined ? undefined : formatDuration(cloneMs)),
    ...caches.map((cache): [string, string] => ['cache', toCacheText(cache)]),
    ...only('tests', tests === undefined ? undefined : toTestText(tests)),
    ...toFailing(tests?.failing ?? []),
    ...only('coverage', coverage === undefined ? undefined : toShare(coverage)),
    ...only('artifacts', artifacts && `${artifacts.count}, ${formatBytes(artifacts.bytes)}`),
  ];
}

/** `cpu 3.2s, 96 MB`; empty where nothing was measured. */
export function toStepMeasures({ cpuMs, peakBytes }: StepResult): string {
  const parts = [
    ...(cpuMs === undefined ? [] : [`cpu ${formatDuration(cpuMs)}`]),
    ...(peakBytes === undefined ? [] : [formatBytes(peakBytes)]),
  ];
  return parts.join(', ');
}

function only(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}

function toCacheText({ name, hit, bytes, ms, saved, unsaved }: CacheResult): string {
  const parts = [
    `${toDisplay(name)}: ${hits[hit]}`,
    ...(hit === 'miss' ? [] : [`${formatBytes(bytes)} in ${formatDuration(ms)}`]),
    ...(saved === undefined ? [] : [`saved ${formatBytes(saved)}`]),
    ...(unsaved === undefined ? [] : [`not saved: ${toDisplay(unsaved)}`]),
  ];
  return parts.join(', ');
}

function toTestText({ passed, failed, skipped }: NonNullable<JobResult['tests']>): string {
  return [`${passed} passed`, `${failed} failed`, ...(skipped === 0 ? [] : [`${skipped} skipped`])].join(
    ', ',
  );
}

function toFailing(failing: readonly string[]): [string, string][] {
  const shown = failing.slice(0, mostFailing).map((name): [string, string] => ['failing', toDisplay(name)]);
  const rest = failing.length - shown.length;
  return rest > 0 ? [...shown, ['failing', `and ${rest} more`]] : shown;
}

function toShare({ covered, total }: { covered: number; total: number }): string {
  const percent = total === 0 ? 0 : Math.floor((covered / total) * 1000) / 10;
  return `${percent.toFixed(1)} % of ${total} lines`;
}
