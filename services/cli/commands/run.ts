import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { formatDuration } from '../../core/display/index.ts';
import { loadPlan, type RunEnd, type RunSink, toToolVariables } from '../../core/execute/index.ts';
import { type JobSpec, jobEvents } from '../../core/job/index.ts';
import { explainDetection, type Plan, parseSecretsFile } from '../../core/pipeline/index.ts';
import type { Context } from '../context.ts';
import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { type LocalRun, runLocally, toLocalRun } from '../local-run.ts';
import { createLogOutput } from '../log-output.ts';
import { toPlanText } from '../plan-text.ts';
import { toText } from '../table.ts';
import { toTerminal } from '../terminal.ts';

interface Options {
  workflow?: string;
  event: JobSpec['event'];
  branch?: string;
  print?: true;
  secretsFile?: string;
}

export function configureRun(command: Command, context: Context): void {
  command
    .description(
      'Runs the pipeline of a folder as an agent would, with its files as they are now: the same executor, an empty HOME, a scrubbed environment; no server. Several workflows run one after the other. The steps print on stdout, what became of them on stderr.',
    )
    .argument('[folder]', 'where the pipeline file is (default: this folder)')
    .option('-w, --workflow <name>', 'only this one of several pipeline files: its name without the ending')
    .addOption(
      new Option('-e, --event <event>', 'what `when` is asked for').choices(jobEvents).default('push'),
    )
    .option('-b, --branch <name>', 'the branch that `when` is asked for (default: the one checked out)')
    .option('--secrets-file <file>', 'YAML with what `from_secret` stands for: npm_token: "…"')
    .option('--print', 'print what would run, as a pipeline file, and run nothing')
    .action(async (given: string | undefined, options: Options) => {
      const folder = await findFolder(resolve(context.cwd, given ?? '.'));
      const run = await toLocalRun({ ...options, folder, env: context.env, now: context.now() });
      const plans = await loadPlans(folder, run, options.workflow);
      if (options.print === true)
        context.stdout.write(plans.map((plan) => toPlanText(plan, run.situation)).join('---\n'));
      else await runAll(context, { folder, run, plans, secrets: await readSecrets(context, options) });
    });
  addExamples(
    command,
    { line: './bellows run' },
    { line: './bellows run --print > .bellows.yaml', does: 'write down what was detected' },
    { line: './bellows run ~/app --workflow test --branch release-2' },
    { line: './bellows run --event tag --secrets-file ~/secrets.yaml' },
  );
}

async function findFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return path;
  throw new CommandError(exitCodes.usage, `${path} is not a folder: give the one where the pipeline file is`);
}

async function readSecrets(context: Context, { secretsFile }: Options): Promise<Map<string, string>> {
  if (secretsFile === undefined) return new Map();
  return parseSecretsFile(await readFile(resolve(context.cwd, secretsFile), 'utf8'), secretsFile);
}

async function loadPlans(folder: string, { variables }: LocalRun, workflow?: string): Promise<Plan[]> {
  const { plan, others } = await loadPlan(folder, { workflow, variables });
  if (workflow !== undefined) return [plan];
  const rest: Plan[] = [];
  for (const name of others) rest.push((await loadPlan(folder, { workflow: name, variables })).plan);
  return [plan, ...rest];
}

/** A workflow that fails does not keep the next from running: as jobs they would not either. */
async function runAll(
  context: Context,
  all: { folder: string; run: LocalRun; plans: readonly Plan[]; secrets: ReadonlyMap<string, string> },
): Promise<void> {
  const { plans } = all;
  const signal = await context.untilInterrupted();
  const terminal = toTerminal(context.env, context.stderr);
  const failures: string[] = [];
  for (const plan of plans) {
    if (plan.detected) context.stderr.write(explainDetection(plan));
    const name = toText(plan.workflow, terminal);
    if (plans.length > 1) context.stderr.write(`${terminal.style(`workflow ${name}`, 'bold')}\n`);
    const end = await runOne(context, all, plan, signal);
    if (end.outcome === 'aborted') throw new CommandError(exitCodes.undecided, 'stopped');
    if (end.outcome === 'skipped') context.stderr.write(`skipped: ${toText(end.reason, terminal)}\n`);
    if (end.outcome === 'failure') failures.push(plans.length > 1 ? `${name}: ${end.reason}` : end.reason);
  }
  if (failures.length > 0) throw new CommandError(exitCodes.failure, failures.join('; '));
}

async function runOne(
  context: Context,
  { folder, run, secrets }: { folder: string; run: LocalRun; secrets: ReadonlyMap<string, string> },
  plan: Plan,
  signal: AbortSignal,
): Promise<RunEnd> {
  const output = createLogOutput(context.stdout, toTerminal(context.env, context.stdout));
  const sink = createSink(context, output);
  const path = context.env.PATH ?? '/usr/bin:/bin';
  return runLocally(plan, run, { folder, path, tools: toToolVariables(context.env), secrets, sink, signal });
}

function createSink(context: Context, output: ReturnType<typeof createLogOutput>): RunSink {
  const terminal = toTerminal(context.env, context.stderr);
  let startedAt = 0;
  return {
    write: (_step, bytes) => output.write(bytes),
    step: async ({ name, state, exitCode }) => {
      if (state === 'running') startedAt = context.now();
      else await output.end();
      const took =
        state === 'skipped' || state === 'running' ? '' : ` in ${formatDuration(context.now() - startedAt)}`;
      const code = state === 'failure' ? `, exit code ${exitCode}` : '';
      context.stderr.write(
        `${terminal.style(`${toText(name, terminal)}: ${state}${took}${code}`, 'bold')}\n`,
      );
    },
  };
}
