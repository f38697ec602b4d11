import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatBytes } from '../../core/display/index.ts';
import type { Artifact } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { findJob, toShortId } from '../find-job.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toTable } from '../table.ts';
import { toTerminal } from '../terminal.ts';

export function configureArtifacts(command: Command, context: Context): void {
  command
    .description(
      'Lists the files that the newest attempt of a job kept, or downloads them. A download that was cut off goes on where it stopped, and each file is compared with its sha256.',
    )
    .argument('[id]', 'the job: its id, the beginning of it, or the address of its page; the newest is -')
    .argument('[patterns...]', 'only these: paths, folders, globs')
    .option('-d, --download <folder>', 'put them there, below their own folders')
    .option('--json', "the api's answer, for scripts: artifacts")
    .action((given: string | undefined, patterns: string[], options: { download?: string; json?: true }) =>
      withClient(context, async (client) => {
        const { id, artifacts } = await withProgress(context, 'asking for the files', async () => {
          const id = await findJob(client, given === '-' ? undefined : given);
          return { id, ...(await client.artifacts(id)) };
        });
        const wanted = await filter(artifacts, patterns);
        if (options.download !== undefined) {
          if (wanted.length === 0) throw new CommandError(exitCodes.failure, toNothing(id, artifacts));
          const { downloadAll } = await import('../download.ts');
          return downloadAll(context, client, id, wanted, resolve(context.cwd, options.download));
        }
        if (options.json === true) return void context.stdout.write(toJson({ artifacts: wanted }));
        if (wanted.length === 0) return void context.stderr.write(`${toNothing(id, artifacts)}.\n`);
        const columns = [{ title: 'PATH', shrinks: true }, { title: 'SIZE' }, { title: 'SHA256' }];
        const terminal = toTerminal(context.env, context.stdout);
        const rows = wanted.map(({ path, size, sha256 }) => [
          path,
          formatBytes(size),
          terminal.isTTY ? sha256.slice(0, 12) : sha256,
        ]);
        context.stdout.write(toTable(columns, rows, terminal));
      }),
    );
  addExamples(
    command,
    { line: './bellows artifacts', does: 'of the newest job' },
    { line: './bellows artifacts 3f2a91c0 -d out', does: 'all of them' },
    { line: "./bellows artifacts 3f2a91c0 'build/**/*.deb' -d .", does: 'some of them' },
  );
}

async function filter(artifacts: Artifact[], patterns: readonly string[]): Promise<Artifact[]> {
  if (patterns.length === 0) return artifacts;
  const { GlobError, toPathFilter } = await import('../../core/pipeline/index.ts');
  try {
    const { includes } = toPathFilter(patterns);
    // A folder is all that is below it.
    const folders = (path: string) => path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'));
    return artifacts.filter(({ path }) => folders(path).some(includes));
  } catch (error) {
    if (error instanceof GlobError) throw new CommandError(exitCodes.usage, `the pattern ${error.message}`);
    throw error;
  }
}

function toNothing(id: string, artifacts: readonly Artifact[]): string {
  return artifacts.length === 0
    ? `Job ${toShortId(id)} has kept no files, or they were too old`
    : `None of the ${artifacts.length} files of job ${toShortId(id)} is called so`;
}
