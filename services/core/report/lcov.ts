import type { Coverage } from './report.ts';
import { ReportError } from './report-error.ts';

const mostLine = 64 * 1024;
const mostLines = 5_000_000;

/**
 * Reads LCOV's tracefile (geninfo(1)). A source that several tests have run stands in it several times; each
 * of its lines counts once.
 */
export function createLcovReader(): { write(text: string): void; end(): Coverage } {
  /** By source: lines, and whether they were run. */
  const sources = new Map<string, Map<number, boolean>>();
  /** Of sources without lines of their own, the sums. */
  const sums = new Map<string, Coverage>();
  let rest = '';
  let source: string | undefined;
  let lines = 0;

  const readLine = (line: string): void => {
    const [, key, value = ''] = /^([A-Z]{2}):(.*?)\r?$/.exec(line) ?? [];
    if (key === 'SF') source = value;
    else if (line.startsWith('end_of_record')) source = undefined;
    else if (source === undefined) return;
    else if (key === 'DA') readHit(source, value);
    else if (key === 'LF') sumOf(source).total = toCount(value);
    else if (key === 'LH') sumOf(source).covered = toCount(value);
  };
  const readHit = (of: string, value: string): void => {
    const [, number, hits] = /^(\d{1,9}),(-?\d{1,19})(?:,|$)/.exec(value) ?? [];
    if (number === undefined) return;
    lines += 1;
    if (lines > mostLines) throw new ReportError(`it has more than ${mostLines} lines of coverage`);
    const own = sources.get(of) ?? new Map<number, boolean>();
    sources.set(of, own.set(Number(number), Number(hits) > 0 || own.get(Number(number)) === true));
  };
  const sumOf = (of: string): Coverage => {
    const sum = sums.get(of) ?? { covered: 0, total: 0 };
    sums.set(of, sum);
    return sum;
  };

  return {
    write(text) {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > mostLine) throw new ReportError(`it has a line of more than ${mostLine} characters`);
      for (const line of parts) readLine(line);
    },
    end() {
      readLine(rest);
      let [covered, total] = [0, 0];
      for (const hits of sources.values()) {
        total += hits.size;
        for (const hit of hits.values()) if (hit) covered += 1;
      }
      for (const [of, sum] of sums) {
        if (sources.has(of)) continue;
        total += sum.total;
        covered += Math.min(sum.covered, sum.total);
      }
      return { covered, total };
    },
  };
}

const toCount = (text: string): number => (/^\d{1,9}$/.test(text) ? Number(text) : 0);
