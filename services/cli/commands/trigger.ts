import { randomUUID } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { refSchema, shaSchema } from '../../core/job/index.ts';
import { reportAccepted, type StartOptions } from '../accepted.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findRepository } from '../find-repository.ts';
import { withProgress } from '../progress.ts';

interface Options extends StartOptions {
  ref?: string;
  sha?: string;
  awaits?: string;
}

export function configureTrigger(command: Command, context: Context): void {
  command
    .description(
      'Runs the pipeline of a registered repository: of what its default branch, or another ref, is now, or of one commit.',
    )
    .argument('<repository>', 'its id, owner/name, or name')
    .option(
      '--ref <ref>',
      'a branch, or a whole ref such as refs/tags/v1 (default: the default branch)',
      parseRef,
    )
    .option('--sha <commit>', 'the whole id of a commit (default: the head of the ref)', parseSha)
    .option('--awaits <reason>', 'wait until somebody approves it, and say this meanwhile')
    .option('-f, --follow', "then print the job's log, and exit as it ends")
    .option('--json', "the api's answer, for scripts: answer, pipeline, jobs, page")
    .action((given: string, { ref, sha, awaits, ...options }: Options) =>
      withClient(context, async (client) => {
        const accepted = await withProgress(context, 'asking for a run', async () =>
          client.trigger(
            {
              repository: await findRepository(client, given),
              ...(ref === undefined ? {} : { ref }),
              ...(sha === undefined ? {} : { sha }),
              ...(awaits === undefined ? {} : { awaits }),
            },
            randomUUID(),
          ),
        );
        await reportAccepted(context, client, accepted, options);
      }),
    );
  addExamples(
    command,
    { line: './bellows trigger me/app' },
    { line: './bellows trigger me/app --ref release-2 --follow' },
    { line: './bellows trigger gitea/me/app --ref refs/tags/v1.0.0' },
  );
}

function parseRef(text: string): string {
  const parsed = refSchema.safeParse(text.startsWith('refs/') ? text : `refs/heads/${text}`);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(
    'Expected the name of a branch, or a ref below refs/heads/, refs/tags/ or refs/pull/.',
  );
}

function parseSha(text: string): string {
  const parsed = shaSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Expected a whole commit id in hex, as git rev-parse prints it.');
}
