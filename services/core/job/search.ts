import type { Job } from './job.ts';

/** What a person may type to find a job: part of a name or a subject, or the beginning of an id or a commit. */
export function isFound({ id, spec }: Job, text: string): boolean {
  const wanted = text.toLowerCase();
  const { repository, branch, author, subject, workflow = '', sha } = spec;
  return (
    [id, sha].some((each) => each.startsWith(wanted)) ||
    [repository, branch, author, subject, workflow].some((each) => each.toLowerCase().includes(wanted))
  );
}
