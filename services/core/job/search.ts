import { type Job, toWorkflowTitle } from './job.ts';

/** What a person may type to find a job: part of a name or a subject, or the beginning of an id or a commit. */
export function isFound({ id, spec, workflow }: Job, text: string): boolean {
  const wanted = text.toLowerCase();
  const { repository, branch, author, subject, sha } = spec;
  const title = toWorkflowTitle({ spec, workflow }) ?? '';
  return (
    [id, sha].some((each) => each.startsWith(wanted)) ||
    [repository, branch, author, subject, title].some((each) => each.toLowerCase().includes(wanted))
  );
}
