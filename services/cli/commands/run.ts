import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { formatDuration } from '../../core/display/index.ts';
import {
  type EngineKind,
  engineKinds,
  loadPlans,
  type RunEnd,
  type RunSink,
  toToolVariables,
} from '../../core/execute/index.ts';
import { type JobSpec, jobEvents } from '../../core/job/index.ts';
import {
  explainDetection,
  type PipelineJob,
  type PipelineJobs,
  type Plan,
  parseSecretsFile,
  toPipelineJobs,
} from '../../core/pipeline/index.ts';
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
  engine: EngineKind;
}

export function configureRun(command: Command, context: Context): void {
  command
    .description(
      'Runs the pipeline of a folder as an agent would, with its files as they are now: the same executor, an empty HOME, a scrubbed environment; no server. What tools fetch stays in ~/.cache/bellows/run for the next time. Several workflows, and entries of a matrix, run one after the other, in the order of what they need. The steps print on stdout, what became of them on stderr.',
    )
    .argument('[folder]', 'where the pipeline file is (default: this folder)')
    .option('-w, --workflow <name>', 'only this one of several pipeline files: its name without the ending')
    .addOption(
      new Option('-e, --event <event>', 'what `when` is asked for').choices(jobEvents).default('push'),
    )
    .option('-b, --branch <name>', 'the branch that `when` is asked for (default: the one checked out)')
    .addOption(
      new Option(
        '--engine <engine>',
        'where steps run: as processes with your own tools, in containers of their images (docker or podman), auto: in containers where every step names an image and one of the two answers, or dummy: nowhere, only what would run is shown',
      )
        .choices(engineKinds)
        .default('auto'),
    )
    .option('--secrets-file <file>', 'YAML with what `from_secret` stands for: npm_token: "…"')
    .option('--print', 'print what would run, as a pipeline file, and run nothing')
    .action(async (given: string | undefined, options: Options) => {
      const folder = await findFolder(resolve(context.cwd, given ?? '.'));
      const run = await toLocalRun({ ...options, folder, env: context.env, now: context.now() });
      const { plans, jobs, leftOut } = await loadJobs(folder, run, options.workflow);
      if (options.print === true)
        context.stdout.write(plans.map((plan) => toPlanText(plan, run.situation)).join('---\n'));
      else
        await runAll(context, {
          folder,
          run,
          jobs,
          leftOut,
          engine: options.engine,
          secrets: await readSecrets(context, options),
        });
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

/** All jobs of the pipeline, or those of one workflow, which then needs no other. */
async function loadJobs(
  folder: string,
  { situation, variables }: LocalRun,
  workflow?: string,
): Promise<PipelineJobs & { plans: readonly Plan[] }> {
  const plans = await loadPlans(folder, { workflow, variables });
  const wanted = workflow === undefined ? plans : plans.map((plan) => ({ ...plan, dependsOn: [] }));
  const [only] = plans;
  // Running it says why nothing of it runs, where that is so.
  if (plans.length === 1 && only !== undefined)
    return {
      plans,
      jobs: [{ name: only.workflow, plan: only, entry: undefined, needs: [], runs: 'success' }],
      leftOut: [],
    };
  return { plans, ...toPipelineJobs(wanted, situation) };
}

/** One after the other, each after what it needs, and where that ended as it wants. */
async function runAll(
  context: Context,
  all: {
    folder: string;
    run: LocalRun;
    engine: EngineKind;
    secrets: ReadonlyMap<string, string>;
    jobs: readonly PipelineJob[];
    leftOut: PipelineJobs['leftOut'];
  },
): Promise<void> {
  const { jobs, leftOut } = all;
  const signal = await context.untilInterrupted();
  const terminal = toTerminal(context.env, context.stderr);
  const say = (text: string) => context.stderr.write(`${text}\n`);
  const isSeveral = jobs.length + leftOut.length > 1;
  for (const { workflow, reason } of leftOut)
    say(toText(isSeveral ? `workflow ${workflow} skipped: ${reason}` : `skipped: ${reason}`, terminal));
  const ends = new Map<string, 'success' | 'failure' | 'skipped'>();
  const failures: string[] = [];
  for (const { name, plan, needs, runs } of jobs) {
    const axes = Object.entries(plan.axes).map(([axis, value]) => ` ${axis}=${value}`);
    if (plan.detected) context.stderr.write(explainDetection(plan));
    if (isSeveral) say(terminal.style(toText(`workflow ${name}${axes.join('')}`, terminal), 'bold'));
    const unmet = needs.find((need) => !suits(runs, ends.get(need)));
    if (unmet !== undefined) {
      say(toText(`skipped: needs ${unmet}, which ended as ${ends.get(unmet)}`, terminal));
      ends.set(name, 'skipped');
      continue;
    }
    const end = await runOne(context, all, plan, signal);
    if (end.outcome === 'aborted') throw new CommandError(exitCodes.undecided, 'stopped');
    ends.set(name, end.outcome);
    if (end.outcome === 'skipped') say(`skipped: ${toText(end.reason, terminal)}`);
    if (end.outcome === 'failure') failures.push(isSeveral ? `${name}: ${end.reason}` : end.reason);
    if (end.outcome === 'failure' && end.endsPipeline === true) break;
  }
  if (failures.length > 0) throw new CommandError(exitCodes.failure, failures.join('; '));
}

/** As the queue decides it. */
function suits(runs: PipelineJob['runs'], ended: string | undefined): boolean {
  return runs === 'always' || (ended === 'success') === (runs === 'success');
}

async function runOne(
  context: Context,
  {
    folder,
    run,
    engine,
    secrets,
  }: { folder: string; run: LocalRun; engine: EngineKind; secrets: ReadonlyMap<string, string> },
  plan: Plan,
  signal: AbortSignal,
): Promise<RunEnd> {
  const output = createLogOutput(context.stdout, toTerminal(context.env, context.stdout));
  const sink = createSink(context, output);
  const path = context.env.PATH ?? '/usr/bin:/bin';
  const { env } = context;
  const tools = toToolVariables(env);
  return runLocally(plan, run, { folder, engine, path, env, tools, secrets, sink, signal });
}

function createSink(context: Context, output: ReturnType<typeof createLogOutput>): RunSink {
  const terminal = toTerminal(context.env, context.stderr);
  const begun = new Map<string, number>();
  return {
    write: (_step, bytes) => output.write(bytes),
    step: async ({ name, state, exitCode }) => {
      const startedAt = begun.get(name) ?? context.now();
      if (state === 'running') begun.set(name, context.now());
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
