import { type Distribution, ranBounds, type Totals, waitedBounds } from '../core/queue/index.ts';

/** What the queue has counted, in Prometheus' text format 0.0.4: it is counted in Redis, not in this process. */
export function toTotalsText({ jobs, ran, waited }: Totals): string {
  const finished = jobs.map(
    ({ repository, outcome, count }) =>
      `bellows_jobs_finished_total{${toLabels({ repository, outcome })}} ${count}`,
  );
  return [
    '# HELP bellows_jobs_finished_total Jobs that ended, by repository and outcome.',
    '# TYPE bellows_jobs_finished_total counter',
    ...finished,
    ...toHistogram(
      'bellows_job_run_seconds',
      'Time from the claim of a job to its end.',
      'repository',
      ran,
      ranBounds,
    ),
    ...toHistogram('bellows_job_wait_seconds', 'Time from queued to claimed.', 'pool', waited, waitedBounds),
    '',
  ].join('\n');
}

function toHistogram(
  metric: string,
  help: string,
  label: string,
  all: readonly Distribution[],
  bounds: readonly number[],
): string[] {
  const rows = all.flatMap(({ name, counts, sumSeconds }) => {
    let sum = 0;
    const buckets = counts.map((count, i) => {
      sum += count;
      return `${metric}_bucket{${toLabels({ [label]: name, le: String(bounds[i] ?? '+Inf') })}} ${sum}`;
    });
    const labels = toLabels({ [label]: name });
    return [...buckets, `${metric}_sum{${labels}} ${sumSeconds}`, `${metric}_count{${labels}} ${sum}`];
  });
  return [`# HELP ${metric} ${help}`, `# TYPE ${metric} histogram`, ...rows];
}

function toLabels(labels: Readonly<Record<string, string>>): string {
  const quote = (text: string) =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return Object.entries(labels)
    .map(([key, value]) => `${key}="${quote(value)}"`)
    .join(',');
}
