import type { JobSpec } from './spec.ts';

/** What a job is called in its pipeline: its workflow, `<workflow>-<n>` for an entry of a matrix. */
export function toJobName({ workflow, entry }: Pick<JobSpec, 'workflow' | 'entry'>): string | undefined {
  return workflow === undefined || entry === undefined ? workflow : `${workflow}-${entry}`;
}
