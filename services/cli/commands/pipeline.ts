import type { Command } from 'commander';
import { type ApiClient, ApiError } from '../../core/client/index.ts';
import { jobStates, type PipelineView } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findJob } from '../find-job.ts';
import { toJobTable } from '../job-lines.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { type Terminal, toTerminal } from '../terminal.ts';

export function configurePipeline(command: Command, context: Context): void {
  command
    .description('Shows what one event started: its jobs, what they wait for, and how it ended.')
    .argument('[id]', 'of the pipeline, or of one of its jobs; without, the newest one')
    .option('--json', "the api's answer, for scripts: pipeline, outcome, counts, jobs, event")
    .action(async (given: string | undefined, options: { json?: true }) => {
      const view = await withClient(context, (client) =>
        withProgress(context, 'asking for the pipeline', () => readPipeline(client, given)),
      );
      const terminal = toTerminal(context.env, context.stdout);
      context.stdout.write(
        options.json === true ? toJson(view) : toPipelineText(view, context.now(), terminal),
      );
    });
  addExamples(
    command,
    { line: './bellows pipeline', does: 'the newest' },
    { line: './bellows pipeline 3f2a91c0 --json | jq -r .outcome', does: 'of this job; empty while it runs' },
  );
}

async function readPipeline(client: ApiClient, given: string | undefined): Promise<PipelineView> {
  if (given !== undefined && /^[0-9a-f]{20}$/.test(given)) {
    const found = await client.pipeline(given).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    });
    if (found !== undefined) return found;
  }
  const { job } = await client.job(await findJob(client, given));
  return client.pipeline(job.pipeline);
}

function toPipelineText(view: PipelineView, now: number, terminal: Terminal): string {
  const { pipeline, outcome, counts, jobs } = view;
  const many = jobStates.flatMap((state) =>
    counts[state] === undefined ? [] : [`${counts[state]} ${state}`],
  );
  const head = `pipeline ${pipeline}: ${outcome ?? 'has not ended'} (${many.join(', ')})\n`;
  return (
    head +
    toJobTable(
      jobs.map(({ job }) => job),
      now,
      terminal,
    )
  );
}
