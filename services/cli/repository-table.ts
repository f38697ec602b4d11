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
  const limited = repositories.some(({ jobLimit }) => jobLimit !== undefined);
  const columns = [
    { title: 'REPOSITORY', shrinks: true },
    { title: 'DEFAULT BRANCH', shrinks: true },
    { title: 'POOL' },
    { title: 'TIME LIMIT' },
    ...(limited ? [{ title: 'JOB LIMIT' }] : []),
  ];
  const rows = repositories.map(({ id, defaultBranch, pool, timeLimitMs, jobLimit }) => [
    id,
    defaultBranch,
    pool,
    formatDuration(timeLimitMs),
    ...(limited ? [jobLimit === undefined ? '-' : String(jobLimit)] : []),
  ]);
  return toTable(columns, rows, toTerminal(context.env, context.stdout));
}
