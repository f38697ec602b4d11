import { formatAge, formatDuration, toColumns, toDisplay } from '../core/display/index.ts';
import { isFinal, type Job, toTitle, toWorkflowTitle } from '../core/job/index.ts';
import { type Line, span } from './line.ts';
import { type Look, toStateStyle } from './look.ts';
import { toList } from './rows.ts';
import { type State, toShown } from './state.ts';
import { styles } from './style.ts';

const stateColumns = 13;
const ageColumns = 5;
const timeColumns = 7;

/** All jobs, newest first: `height` rows with the heading. */
export function toJobsView(state: State, height: number, now: number, look: Look): Line[] {
  const { columns } = state.size;
  const widths = toWidths(columns);
  return toList(state, height, look, {
    heading: toHeading(widths),
    rows: toShown(state).map((job) => toRow(job, widths, now, look)),
    none: toNone(state),
  });
}

function toNone({ connection, filter, history }: State): string {
  if (connection.state === 'connecting') return '';
  if (filter.text === '' && filter.states === 'all') return 'No jobs yet. A git push starts the first one.';
  return history.next === undefined ? 'No job is like that.' : 'None yet; j looks farther back.';
}

interface Widths {
  repository: number;
  branch: number;
  subject: number;
}

function toWidths(columns: number): Widths {
  const free = Math.max(0, columns - 2 - stateColumns - ageColumns - timeColumns);
  const repository = Math.min(30, Math.floor(free * 0.32));
  const branch = Math.min(24, Math.floor(free * 0.25));
  return { repository, branch, subject: free - repository - branch };
}

function toHeading({ repository, branch, subject }: Widths): string {
  return `  ${'STATE'.padEnd(stateColumns)}${toCell('REPOSITORY', repository)}${toCell('BRANCH', branch)}${toCell(
    'SUBJECT',
    subject,
  )}${'AGE'.padStart(ageColumns - 1)} ${'TIME'.padStart(timeColumns)}`;
}

function toRow(job: Job, widths: Widths, now: number, look: Look): Line {
  const { spec } = job;
  const cell = (text: string, columns: number) => toCell(toDisplay(text), columns, look.more);
  const workflow = toWorkflowTitle(job);
  const title = workflow === undefined ? toTitle(spec) : `${workflow}: ${toTitle(spec)}`;
  return [
    span(toCell(toStateText(job, look), stateColumns), toStateStyle(job.state)),
    span(cell(spec.repository.slice(spec.repository.indexOf('/') + 1), widths.repository)),
    span(cell(spec.branch, widths.branch), styles.calm),
    span(cell(title, widths.subject)),
    span(`${formatAge(now - job.createdAt).padStart(ageColumns - 1)} `, styles.dim),
    span(toElapsed(job, now).padStart(timeColumns)),
  ];
}

/** Text in a column, with one space behind it. */
export function toCell(text: string, columns: number, more?: string): string {
  return columns < 1 ? '' : `${toColumns(text, columns - 1, more)} `;
}

export function toStateText({ state, cancelling }: Job, look: Look): string {
  return `${look.marks[state]} ${cancelling && !isFinal(state) ? 'cancelling' : state}`;
}

/** What a job or a step took, or has taken until now; empty where it has not begun. */
export function toElapsed(of: { startedAt?: number; finishedAt?: number }, now: number): string {
  if (of.startedAt === undefined) return '';
  if (of.finishedAt !== undefined) return formatDuration(of.finishedAt - of.startedAt);
  // Tenths of what still runs would be drawn again and again, and be read by nobody.
  const ms = Math.max(0, now - of.startedAt);
  return ms < 10_000 ? `${Math.floor(ms / 1000)}s` : formatDuration(ms);
}
