import type { Command } from 'commander';
import { formatAge } from '../../core/display/index.ts';
import type { QueueView } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { toShortId } from '../find-job.ts';
import { toRepositoryName, toStateCell } from '../job-lines.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toTable } from '../table.ts';
import { type Terminal, toTerminal } from '../terminal.ts';
import { configureQueueCheck } from './queue-check.ts';

const listed = 200;

export function configureQueue(command: Command, context: Context): void {
  command
    .description(
      'Lists what waits: first what is queued, in the order in which the agents of each pool will take it, then what cannot be taken yet, and why. A class is 0 (urgent) to 9, and rises while a job waits.',
    )
    .option('--pool <name>', 'only of this pool')
    .option('--json', "the api's answer, for scripts: jobs, counts")
    .action(async (options: { pool?: string; json?: true }) => {
      const { pool } = options;
      const view = await withClient(context, (client) =>
        withProgress(context, 'asking for the queue', () =>
          client.queue({ limit: listed, ...(pool === undefined ? {} : { pool }) }),
        ),
      );
      if (options.json === true) context.stdout.write(toJson(view));
      else if (view.jobs.length === 0) context.stderr.write('Nothing waits.\n');
      else context.stdout.write(toQueueTable(view, context.now(), toTerminal(context.env, context.stdout)));
    });
  addExamples(
    command,
    { line: './bellows queue' },
    { line: './bellows queue --pool gpu --json | jq .counts', does: 'how many wait in all, by state' },
  );
  command.enablePositionalOptions();
  configureQueueCheck(command.command('check'), context);
}

function toQueueTable({ jobs }: QueueView, now: number, terminal: Terminal): string {
  const columns = [
    { title: 'POOL' },
    { title: 'PLACE' },
    { title: 'CLASS' },
    { title: 'ID' },
    { title: 'STATE' },
    { title: 'REPOSITORY', shrinks: true },
    { title: 'BRANCH', shrinks: true },
    { title: 'AGE' },
    { title: 'REASON', shrinks: true },
  ];
  const rows = jobs.map(({ job, place, class: priority }) => [
    job.pool,
    place === undefined ? '' : String(place),
    String(priority),
    terminal.isTTY ? toShortId(job.id) : job.id,
    toStateCell(job),
    toRepositoryName(job),
    job.spec.branch,
    formatAge(now - (job.queuedAt ?? job.createdAt)),
    job.reason ?? '',
  ]);
  return toTable(columns, rows, terminal);
}
