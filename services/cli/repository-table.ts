import { formatDuration } from '../core/display/index.ts';
import type { Repository } from '../core/job/index.ts';
import type { Context } from './context.ts';
import { toJson } from './json.ts';
import { toTable } from './table.ts';
import { toTerminal } from './terminal.ts';

export function printRepository(context: Context, repository: Repository, options: { json?: true }): void {
  context.stdout.write(options.json === true ? toJson(repository) : toRepositoryTable(context, [repository]));
}

export function toRepositoryTable(context: Context, repositories: readonly Repository[]): string {
  const seldom = seldomSet.filter(({ show }) => repositories.some((each) => show(each) !== undefined));
  const columns = [
    { title: 'REPOSITORY', shrinks: true },
    { title: 'DEFAULT BRANCH', shrinks: true },
    { title: 'POOL' },
    { title: 'TIME LIMIT' },
    ...seldom.map(({ title }) => ({ title })),
  ];
  const rows = repositories.map((repository) => [
    repository.id,
    repository.defaultBranch,
    repository.pool,
    formatDuration(repository.timeLimitMs),
    ...seldom.map(({ show }) => show(repository) ?? '-'),
  ]);
  return toTable(columns, rows, toTerminal(context.env, context.stdout));
}

/** Columns that are there when a repository has something to show in them. */
const seldomSet: readonly { title: string; show(repository: Repository): string | undefined }[] = [
  { title: 'JOB LIMIT', show: ({ jobLimit }) => jobLimit?.toString() },
  { title: 'AN HOUR', show: ({ jobsPerHour }) => jobsPerHour?.toString() },
  { title: 'APPROVAL', show: ({ approval }) => approval },
  { title: 'CANCELS PREVIOUS', show: ({ cancelPrevious = [] }) => cancelPrevious.join(', ') || undefined },
  { title: 'TRUSTED', show: ({ trusted = [] }) => (trusted.length === 0 ? undefined : trusted.join(', ')) },
  { title: 'EVENTS', show: ({ events }) => (events?.length === 0 ? 'none' : events?.join(', ')) },
  { title: 'TRUSTED WITH', show: ({ trustedWith = [] }) => trustedWith.join(', ') || undefined },
  { title: 'READS', show: ({ reads = [] }) => reads.join(', ') || undefined },
  {
    title: 'APPROVERS',
    show: ({ approvers }) => (approvers?.length === 0 ? 'admins' : approvers?.join(', ')),
  },
];
