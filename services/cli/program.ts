import { Command } from 'commander';
import { toDisplay } from '../core/display/index.ts';
import type { Context, ProgramName } from './context.ts';
import { addExamples } from './examples.ts';
import { exitCodeMeanings } from './failure.ts';

/** Gives a command its description, arguments, options and action. */
type Configure = (command: Command, context: Context) => void;

interface Row {
  name: string;
  summary: string;
  /** Loads the command's file. */
  load(): Promise<Configure>;
}

/** Every command, by what it is about. */
const groups: Readonly<Record<string, readonly Row[]>> = {
  'Jobs:': [
    {
      name: 'jobs',
      summary: 'list jobs, newest first',
      load: async () => (await import('./commands/jobs.ts')).configureJobs,
    },
    {
      name: 'job',
      summary: 'show one job and its steps',
      load: async () => (await import('./commands/job.ts')).configureJob,
    },
    {
      name: 'logs',
      summary: "print a job's log",
      load: async () => (await import('./commands/logs.ts')).configureLogs,
    },
    {
      name: 'artifacts',
      summary: 'list and download the files that a job kept',
      load: async () => (await import('./commands/artifacts.ts')).configureArtifacts,
    },
    {
      name: 'pipeline',
      summary: 'show what one event started',
      load: async () => (await import('./commands/pipeline.ts')).configurePipeline,
    },
    {
      name: 'queue',
      summary: 'list what waits, in its order, and why',
      load: async () => (await import('./commands/queue.ts')).configureQueue,
    },
    {
      name: 'cancel',
      summary: 'stop a job',
      load: async () => (await import('./commands/cancel.ts')).configureCancel,
    },
    {
      name: 'retry',
      summary: 'run a job again, or what failed of its pipeline',
      load: async () => (await import('./commands/retry.ts')).configureRetry,
    },
    {
      name: 'approve',
      summary: 'let jobs run that await approval',
      load: async () => (await import('./commands/approve.ts')).configureApprove,
    },
    {
      name: 'skip',
      summary: 'let jobs go that await approval',
      load: async () => (await import('./commands/approve.ts')).configureSkip,
    },
    {
      name: 'dead',
      summary: 'list jobs that were given up',
      load: async () => (await import('./commands/dead.ts')).configureDead,
    },
    {
      name: 'requeue',
      summary: 'put jobs that were given up back into the queue',
      load: async () => (await import('./commands/requeue.ts')).configureRequeue,
    },
    {
      name: 'trigger',
      summary: 'run the pipeline of a branch, tag or commit',
      load: async () => (await import('./commands/trigger.ts')).configureTrigger,
    },
    {
      name: 'open',
      summary: 'print an address that opens a page in a browser',
      load: async () => (await import('./commands/open.ts')).configureOpen,
    },
  ],
  'Repositories:': [
    {
      name: 'repo',
      summary: 'list and change the repositories that may send events',
      load: async () => (await import('./commands/repo.ts')).configureRepo,
    },
    {
      name: 'cron',
      summary: 'start pipelines of a repository by a schedule',
      load: async () => (await import('./commands/cron.ts')).configureCron,
    },
    {
      name: 'secret',
      summary: 'what jobs of a repository may use and nobody may read',
      load: async () => (await import('./commands/secret.ts')).configureSecret,
    },
  ],
  'Operation:': [
    {
      name: 'agents',
      summary: 'list who runs what',
      load: async () => (await import('./commands/agents.ts')).configureAgents,
    },
    {
      name: 'pools',
      summary: 'list how much waits and runs in each pool',
      load: async () => (await import('./commands/pools.ts')).configurePools,
    },
    {
      name: 'audit',
      summary: 'who changed what, and whether that record is whole',
      load: async () => (await import('./commands/audit.ts')).configureAudit,
    },
    {
      name: 'statuses',
      summary: 'what Gitea and GitHub are still to be told, and what they would not take',
      load: async () => (await import('./commands/statuses.ts')).configureStatuses,
    },
  ],
  'Access:': [
    {
      name: 'login',
      summary: 'sign in at a Bellows elsewhere',
      load: async () => (await import('./commands/login.ts')).configureLogin,
    },
    {
      name: 'logout',
      summary: 'sign out, and revoke what login was given',
      load: async () => (await import('./commands/login.ts')).configureLogout,
    },
    {
      name: 'whoami',
      summary: 'show who you are to which Bellows',
      load: async () => (await import('./commands/login.ts')).configureWhoami,
    },
    {
      name: 'token',
      summary: 'make, list and revoke API tokens',
      load: async () => (await import('./commands/token.ts')).configureToken,
    },
  ],
  'Your platform:': [
    toProgramRow('check', 'whether what platform.yaml makes would work in a cluster'),
    toProgramRow('diff', 'what a change of dist/ does to clusters, and what of it is dangerous'),
    toProgramRow('explain', 'where an object comes from, and what hangs on it'),
    toProgramRow('graph', 'the units of each cluster, their order, and what Flux will prune'),
    toProgramRow('platform', 'make a repository for a platform of your own'),
    toProgramRow('pins', 'the digests of what dist/ uses, asked of the registries'),
    toProgramRow('upgrade', 'in such a repository: a newer Bellows, and what it changes'),
  ],
  'This machine:': [
    {
      name: 'run',
      summary: "run a folder's pipeline here and now, without a server",
      load: async () => (await import('./commands/run.ts')).configureRun,
    },
    {
      name: 'lint',
      summary: 'check pipeline files, and say what to write instead',
      load: async () => (await import('./commands/lint.ts')).configureLint,
    },
    {
      name: 'init',
      summary: 'write a pipeline file, from what a folder holds',
      load: async () => (await import('./commands/init.ts')).configureInit,
    },
    toProgramRow('up', 'run Bellows on this machine'),
    toProgramRow('tui', 'watch and steer everything'),
    toProgramRow('demo', 'prove in a scratch folder that all of it works'),
    toProgramRow('test', 'check Bellows itself'),
  ],
  'Shell:': [
    {
      name: 'completion',
      summary: 'print a completion script for your shell',
      load: async () => {
        const { configureCompletion } = await import('./commands/completion.ts');
        return (command, context) => configureCompletion(command, context, () => createProgram(context));
      },
    },
  ],
};

/** A program with arguments and help of its own, which never reach this tree (command-line.ts). */
function toProgramRow(name: ProgramName, summary: string): Row {
  return { name, summary, load: async () => (command) => void command.argument('[arguments...]') };
}

/**
 * The tree of commands.
 *
 * @param wanted the one command whose file is loaded: a command line must start at once. The others have
 * a name and a summary only.
 * @default all of them
 */
export async function createProgram(context: Context, wanted?: string): Promise<Command> {
  const program = new Command('bellows')
    .description('A self-hosted CI platform for your own machines.')
    .version(context.version, '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    // An option after a command's name is that command's own.
    .enablePositionalOptions()
    .helpCommand(false) // command-line.ts does it, so that it too loads one file only
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      outputError: (text, write) => write(toUsageError(text)),
      getOutHelpWidth: () => toHelpWidth(context.stdout),
      getErrHelpWidth: () => toHelpWidth(context.stderr),
    })
    .exitOverride();
  for (const [group, rows] of Object.entries(groups)) {
    for (const { name, summary, load } of rows) {
      const command = program.command(name).summary(summary).helpGroup(group).helpCommand(false);
      if (wanted === undefined || wanted === name) (await load())(command, context);
    }
  }
  addExamples(
    program,
    { line: './bellows up', does: 'start, and read how to push your repository' },
    { line: './bellows jobs', does: 'what ran, and what became of it' },
    { line: './bellows logs -f', does: 'the log of the newest job, live' },
    { line: './bellows run', does: "this folder's pipeline, here and now" },
  );
  return program.addHelpText('after', toNotes());
}

/** Commander's words, as one line with our name and the next step. */
function toUsageError(text: string): string {
  const line = text
    .trim()
    .replace(/^error: /, 'bellows: ')
    .replace(/\s*\n\((.*)\)$/, '. $1');
  return `${toDisplay(line)}${/[.?]$/.test(line) ? '' : '.'} See --help.\n`;
}

function toHelpWidth({ isTTY, columns }: { isTTY?: boolean; columns?: number }): number {
  return isTTY === true ? Math.min(columns ?? 80, 100) : 100;
}

function toNotes(): string {
  return `
Exit codes:
${exitCodeMeanings.map(([code, meaning]) => `  ${code}  ${meaning}`).join('\n')}

Environment:
  BELLOWS_URL, BELLOWS_TOKEN  another Bellows than that of ./bellows login, or of this machine
  BELLOWS_DATA                the data folder of this machine's
  NO_COLOR                    no colours`;
}
