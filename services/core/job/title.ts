import type { JobSpec } from './spec.ts';

/** What a job is of, in one line: the words of its commit or pull request, or what started it where there are none. */
export function toTitle({ subject, event, cron, branch }: JobSpec): string {
  if (subject !== '') return subject;
  return `${cron === undefined ? event : `cron ${cron}`} of ${branch}`;
}
