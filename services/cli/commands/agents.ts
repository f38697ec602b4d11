import type { Command } from 'commander';
import { formatAge } from '../../core/display/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { toShortId } from '../find-job.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toTable } from '../table.ts';
import { toTerminal } from '../terminal.ts';

export function configureAgents(command: Command, context: Context): void {
  command
    .description(
      'Lists the agents that run a job now: which one, since when, and when each was last heard of. Who was not heard of for longest comes first. There is none while nothing runs.',
    )
    .option('--json', "the api's answer, for scripts: agents, total")
    .action(async (options: { json?: true }) => {
      const answer = await withClient(context, (client) =>
        withProgress(context, 'asking for the agents', () => client.agents()),
      );
      const { agents, total } = answer;
      const terminal = toTerminal(context.env, context.stdout);
      const now = context.now();
      if (options.json === true) context.stdout.write(toJson(answer));
      else if (total === 0) context.stderr.write('No agent runs: nothing is to do.\n');
      else {
        const titles = ['AGENT', 'JOB', 'POOL', 'REPOSITORY', 'SINCE', 'HEARD'];
        const columns = titles.map((title) => ({
          title,
          shrinks: title === 'AGENT' || title === 'REPOSITORY',
        }));
        const rows = agents.map(({ agent, job, pool, repository, since, heardAt }) => [
          agent,
          terminal.isTTY ? toShortId(job) : job,
          pool,
          repository,
          formatAge(now - since),
          formatAge(now - heardAt),
        ]);
        context.stdout.write(toTable(columns, rows, terminal));
        if (total > agents.length) context.stderr.write(`${total - agents.length} more are not listed.\n`);
      }
    });
  addExamples(command, { line: './bellows agents' });
}
