import { type Command, InvalidArgumentError } from 'commander';
import { formatAge } from '../../core/display/index.ts';
import type { Job } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { toShortId } from '../find-job.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toTable } from '../table.ts';
import { type Terminal, toTerminal } from '../terminal.ts';

export function configureDead(command: Command, context: Context): void {
  command
    .description(
      'Lists the jobs that were given up, because their agents were lost or could not run them too often: the last one first, with the reason. They stay until they are put back with ./bellows requeue, or grow as old as the history.',
    )
    .option('-n, --limit <number>', 'at most this many', parseLimit, 20)
    .option('--json', "the api's answer, for scripts: jobs, next, event")
    .action(async ({ limit, json }: { limit: number; json?: true }) => {
      const page = await withClient(context, (client) =>
        withProgress(context, 'asking for dead letters', () => client.deadLetters({ limit })),
      );
      if (json === true) context.stdout.write(toJson(page));
      else if (page.jobs.length === 0) context.stderr.write('No job was given up.\n');
      else
        context.stdout.write(toDeadTable(page.jobs, context.now(), toTerminal(context.env, context.stdout)));
    });
  addExamples(
    command,
    { line: './bellows dead' },
    {
      line: './bellows requeue $(./bellows dead --json | jq -r ".jobs[].id")',
      does: 'puts all of them back',
    },
  );
}

function toDeadTable(jobs: readonly Job[], now: number, terminal: Terminal): string {
  const columns = [
    { title: 'ID' },
    { title: 'REPOSITORY', shrinks: true },
    { title: 'BRANCH', shrinks: true },
    { title: 'DIED' },
    { title: 'REASON', shrinks: true },
  ];
  const rows = jobs.map(({ id, spec, finishedAt, reason = '' }) => [
    terminal.isTTY ? toShortId(id) : id,
    spec.repository,
    spec.branch,
    formatAge(now - (finishedAt ?? now)),
    reason,
  ]);
  return toTable(columns, rows, terminal);
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 200) return limit;
  throw new InvalidArgumentError('Expected a number from 1 to 200.');
}
