import type { Command } from 'commander';
import { formatAge } from '../../core/display/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { toShortId } from '../find-job.ts';
import { toJson } from '../json.ts';
import { toTable } from '../table.ts';
import { toTerminal } from '../terminal.ts';

export function configureStatuses(command: Command, context: Context): void {
  command
    .description(
      'Commit statuses on their way to Gitea and GitHub: how many each is still to be told, and those that it would not take.',
    )
    .option('--json', "the api's answer, for scripts: forges, untold")
    .action(async (options: { json?: true }) => {
      const answer = await withClient(context, (client) => client.statuses());
      if (options.json === true) return void context.stdout.write(toJson(answer));
      const terminal = toTerminal(context.env, context.stdout);
      const forges = answer.forges.map(({ forge, waiting, lagMs, quietMs }) => [
        forge,
        String(waiting),
        waiting === 0 ? '' : `${Math.round(lagMs / 1000)} s`,
        quietMs === 0 ? '' : `${Math.ceil(quietMs / 1000)} s`,
      ]);
      const columns = [{ title: 'FORGE' }, { title: 'WAITING' }, { title: 'SINCE' }, { title: 'PAUSED FOR' }];
      context.stdout.write(toTable(columns, forges, terminal));
      if (answer.untold.length === 0) return;
      const rows = answer.untold.map(({ at, job, repository, sha, context: name, state, why }) => [
        formatAge(context.now() - at),
        toShortId(job),
        `${repository} ${sha.slice(0, 8)}`,
        name,
        state,
        why,
      ]);
      context.stdout.write(
        `\n${toTable(
          [
            { title: 'AGE' },
            { title: 'JOB' },
            { title: 'COMMIT', shrinks: true },
            { title: 'STATUS' },
            { title: 'STATE' },
            { title: 'REFUSED WITH', shrinks: true },
          ],
          rows,
          terminal,
        )}`,
      );
    });
  addExamples(command, { line: './bellows statuses' }, { line: './bellows statuses --json | jq .untold' });
}
