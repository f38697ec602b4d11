import { formatAge, formatDuration, toMeasuredFacts, toStepMeasures } from '../core/display/index.ts';
import {
  type Job,
  type JobAnswer,
  type JobResult,
  type JobState,
  type StepState,
  toTitle,
  toWorkflowTitle,
} from '../core/job/index.ts';
import { toShortId } from './find-job.ts';
import { type Cell, toTable, toText } from './table.ts';
import type { Style, Terminal } from './terminal.ts';

const styles: Partial<Record<JobState | StepState, Style>> = {
  running: 'blue',
  success: 'green',
  failure: 'red',
  timeout: 'red',
  dead: 'magenta',
  delayed: 'yellow',
  blocked: 'yellow',
  waiting: 'yellow',
  cancelled: 'dim',
  skipped: 'dim',
  pending: 'dim',
};

/** One line a job, under titles. Whole ids where no terminal reads: a script has no use for short ones. */
export function toJobTable(jobs: readonly Job[], now: number, terminal: Terminal): string {
  const columns = [
    { title: 'ID' },
    { title: 'STATE' },
    { title: 'REPOSITORY', shrinks: true },
    { title: 'BRANCH', shrinks: true },
    { title: 'SUBJECT', shrinks: true },
    { title: 'AGE' },
    { title: 'TOOK' },
  ];
  const rows = jobs.map((job) => [
    terminal.isTTY ? toShortId(job.id) : job.id,
    toStateCell(job),
    toRepositoryName(job),
    job.spec.branch,
    toTitle(job.spec),
    formatAge(now - job.createdAt),
    toDuration(job, now),
  ]);
  return toTable(columns, rows, terminal);
}

/** Everything that is known of a job, and a line for each of its steps. */
export function toJobLines({ job, result = {} }: JobAnswer, now: number, terminal: Terminal): string {
  const { spec } = job;
  const facts: readonly (readonly [name: string, value: string | undefined])[] = [
    ['repository', spec.repository],
    ['branch', spec.branch],
    ['commit', `${spec.sha.slice(0, 12)} ${spec.subject}`.trimEnd()],
    ['author', spec.author],
    ['event', spec.cron === undefined ? spec.event : `${spec.event} ${spec.cron}`],
    ['workflow', toWorkflowTitle(job)],
    ['repeats', spec.retryOf],
    ['pipeline', job.pipeline],
    ['pool', job.pool],
    ['agent', job.agent],
    ['attempt', job.attempt === 0 ? undefined : String(job.attempt)],
    ['created', `${new Date(job.createdAt).toISOString()} (${formatAge(now - job.createdAt)})`],
    ['waited', toWait(job)],
    ['took', toDuration(job, now) || undefined],
    ...toMeasuredFacts(result),
    ['exit code', job.exitCode === undefined ? undefined : String(job.exitCode)],
    ['reason', job.reason],
  ];
  const state = toStateCell(job);
  const title = `${terminal.style(job.id, 'bold')}  ${toStyled(state, terminal)}\n`;
  const body = facts
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value = '']) => `  ${terminal.style(name.padEnd(10), 'dim')}  ${toText(value, terminal)}\n`)
    .join('');
  return title + body + toStepTable(job, result, now, terminal);
}

/** What became of a job, in one line without an end. */
export function toOutcome(job: Job): string {
  const reason = job.reason === undefined ? '' : `: ${job.reason}`;
  return `job ${toShortId(job.id)} ended with ${job.state}${reason}`;
}

/** From when it could have been claimed until it was. */
function toWait({ queuedAt, startedAt }: Job): string | undefined {
  return queuedAt === undefined || startedAt === undefined ? undefined : formatDuration(startedAt - queuedAt);
}

function toStepTable({ steps }: Job, result: JobResult, now: number, terminal: Terminal): string {
  if (steps.length === 0) return '';
  const measured = new Map(result.steps?.map((step) => [step.name, toStepMeasures(step)]));
  const columns = [
    { title: 'STEP', shrinks: true },
    { title: 'STATE' },
    { title: 'TOOK' },
    { title: 'EXIT' },
    ...(measured.size === 0 ? [] : [{ title: 'USED' }]),
  ];
  const rows = steps.map((step) => [
    step.name,
    { text: step.state, style: styles[step.state] },
    toDuration(step, now),
    step.exitCode === undefined ? '' : String(step.exitCode),
    ...(measured.size === 0 ? [] : [measured.get(step.name) ?? '']),
  ]);
  return `\n${toTable(columns, rows, terminal)}`;
}

export function toStateCell(job: Job): Cell {
  const stopping = job.cancelling && job.state === 'running';
  return stopping ? { text: 'cancelling', style: 'yellow' } : { text: job.state, style: styles[job.state] };
}

function toStyled({ text, style }: Cell, terminal: Terminal): string {
  return style === undefined ? text : terminal.style(text, style);
}

/** The repository, with the workflow where its pipeline has several. The local forge goes without saying. */
export function toRepositoryName(job: Job): string {
  const { spec } = job;
  const title = toWorkflowTitle(job);
  const name = spec.repository.replace(/^local\//, '');
  return title === undefined ? name : `${name} (${title})`;
}

function toDuration(
  { startedAt, finishedAt }: { startedAt?: number | undefined; finishedAt?: number | undefined },
  now: number,
): string {
  return startedAt === undefined ? '' : formatDuration((finishedAt ?? now) - startedAt);
}
