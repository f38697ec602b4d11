import { formatAge, toColumns, toDisplay, toMeasuredFacts, toStepMeasures } from '../core/display/index.ts';
import { type Job, type JobResult, type Step, toTitle, toWorkflowTitle } from '../core/job/index.ts';
import { toElapsed, toStateText } from './jobs-view.ts';
import { type Line, span, toSides } from './line.ts';
import { toLogWindow } from './log-window.ts';
import { type Look, toStateStyle } from './look.ts';
import type { State } from './state.ts';
import { styles } from './style.ts';

/** Header, notice and footer. */
const frameRows = 3;
/** Title, state and rule. */
const ownRows = 3;

/** Rows that the log has: what the steps leave, and they leave half. */
export function toLogHeight(state: State): number {
  const job = state.opened && state.board.known.get(state.opened.id)?.job;
  const free = state.size.rows - frameRows - ownRows;
  const measured = toMeasuredRow(state.opened?.result ?? {}).length;
  return Math.max(1, free - measured - Math.min(job?.steps.length ?? 0, toMostSteps(free)));
}

function toMostSteps(free: number): number {
  return Math.max(1, Math.floor(free / 2));
}

/** One job: what it is, its steps, and the part of its log that there is room for. */
export function toJobView(state: State, now: number, look: Look): Line[] {
  const { opened, size } = state;
  const job = opened && state.board.known.get(opened.id)?.job;
  if (opened === undefined || job === undefined) return [[span('  Loading the job.')]];
  const log = toLogWindow(opened.log, { columns: size.columns, height: toLogHeight(state) }, opened.top);
  const place =
    opened.log.ended && log.atEnd ? 'end' : opened.top === undefined ? 'following' : `line ${log.top + 1}`;
  return [
    toHead(job, size.columns, look),
    toSummary(job, now, size.columns, look),
    ...toSteps(job.steps, opened.result ?? {}, size.rows - frameRows - ownRows, now, look),
    ...toMeasuredRow(opened.result ?? {}).map((text) => [
      span(`  ${toColumns(text, size.columns - 4, look.more)}`, styles.dim),
    ]),
    toRule('log', place, size.columns, look),
    ...(log.rows.length === 0 ? [[span(toSilence(job), styles.dim)]] : log.rows),
  ];
}

function toHead(job: Job, columns: number, look: Look): Line {
  const { spec } = job;
  const workflow = toWorkflowTitle(job);
  const left = [
    span(toDisplay(spec.repository), styles.strong),
    span(' '),
    span(toDisplay(spec.branch), styles.calm),
    span(` ${spec.sha.slice(0, 8)} `, styles.dim),
    span(toDisplay(workflow === undefined ? toTitle(spec) : `${workflow}: ${toTitle(spec)}`)),
  ];
  return toSides(left, [span(toDisplay(spec.author), styles.dim)], columns, look.more);
}

function toSummary(job: Job, now: number, columns: number, look: Look): Line {
  const left = [
    span(toStateText(job, look), toStateStyle(job.state)),
    ...(job.reason === undefined ? [] : [span(`  ${toDisplay(job.reason)}`)]),
  ];
  const facts = [
    job.spec.event.replace('_', ' '),
    ...(job.attempt > 1 ? [`attempt ${job.attempt}`] : []),
    toAgo(now - job.createdAt),
    ...(job.startedAt === undefined ? [] : [toElapsed(job, now)]),
  ];
  return toSides(left, [span(facts.join(` ${look.dot} `), styles.dim)], columns, look.more);
}

/** One row, or none where nothing was measured. */
function toMeasuredRow(result: JobResult): string[] {
  const facts = toMeasuredFacts(result).map(([name, value]) => `${name} ${value}`);
  return facts.length === 0 ? [] : [facts.join('; ')];
}

function toAgo(ms: number): string {
  const age = formatAge(ms);
  return age === 'now' ? age : `${age} ago`;
}

/** The steps that there is room for; the latest matter most. */
function toSteps(steps: readonly Step[], result: JobResult, free: number, now: number, look: Look): Line[] {
  const measured = new Map(result.steps?.map((step) => [step.name, toStepMeasures(step)]));
  const most = toMostSteps(free);
  const hidden = steps.length <= most ? 0 : steps.length - most + 1;
  const widest = Math.min(30, Math.max(0, ...steps.map(({ name }) => name.length)));
  return [
    ...(hidden === 0 ? [] : [[span(`  ${look.more} ${hidden} before`, styles.dim)]]),
    ...steps
      .slice(hidden)
      .map((step) => [
        span(`  ${look.marks[step.state]} `, toStateStyle(step.state)),
        span(`${toColumns(toDisplay(step.name), widest, look.more)} `),
        span(toElapsed(step, now).padStart(7), styles.dim),
        ...(step.exitCode === undefined || step.exitCode === 0
          ? []
          : [span(`  exit ${step.exitCode}`, styles.bad)]),
        span(`  ${measured.get(step.name) ?? ''}`.trimEnd(), styles.dim),
      ]),
  ];
}

function toRule(left: string, right: string, columns: number, look: Look): Line {
  const rest = Math.max(0, columns - left.length - right.length - 8);
  return [
    span(
      `${look.rule.repeat(2)} ${left} ${look.rule.repeat(rest)} ${right} ${look.rule.repeat(2)}`,
      styles.dim,
    ),
  ];
}

function toSilence({ state }: Job): string {
  return state === 'running' ? 'No output yet.' : 'No output.';
}
