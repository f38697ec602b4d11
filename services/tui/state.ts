import {
  type Agent,
  isFinal,
  isFound,
  type Job,
  type JobResult,
  type JobState,
  type Pool,
  type QueueView,
} from '../core/job/index.ts';
import { type Board, emptyBoard, toJobs } from './board.ts';
import type { LogLines } from './log-lines.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly reason: string; readonly retryAt: number };

/** One job's own screen. */
export interface Opened {
  readonly id: string;
  readonly log: LogLines;
  /** Number of the log's line at the top of the screen; undefined follows the end. */
  readonly top: number | undefined;
  /** What its agent measured; known once it has ended. */
  readonly result?: JobResult | undefined;
}

/** What is asked for a job once it is confirmed. */
export type Decision = 'cancel' | 'retry' | 'rerun' | 'approve' | 'skip' | 'requeue';

/** What the program is to do beyond showing another state. */
export type Command =
  | { readonly type: 'open' | Decision; readonly id: string }
  /** `search` asks for what fits the filter, `older` for what comes after; `survey` for the tab's own answer. */
  | { readonly type: 'close' | 'quit' | 'interrupt' | 'suspend' | 'search' | 'older' | 'survey' };

export const tabs = ['jobs', 'queue', 'agents'] as const;
export type Tab = (typeof tabs)[number];

/** Which jobs are listed. */
export interface Filter {
  /** As `isFound` takes it; '' finds all. */
  readonly text: string;
  readonly states: 'all' | 'unfinished' | 'failed';
}

/** How far back the list goes. */
export interface History {
  /** Where the api goes on; undefined: there is no more. */
  readonly next: string | undefined;
  readonly loading: boolean;
}

export interface Notice {
  readonly text: string;
  readonly bad: boolean;
}

export interface State {
  readonly size: Size;
  readonly board: Board;
  readonly connection: Connection;
  /** When the api was last heard. */
  readonly heardAt: number | undefined;
  /** The selected job, which keeps its selection while others come in above it; undefined stays on row 0. */
  readonly selectedId: string | undefined;
  readonly opened: Opened | undefined;
  readonly tab: Tab;
  readonly filter: Filter;
  /** What is being typed into the search; undefined: nobody types. */
  readonly typing: string | undefined;
  readonly history: History;
  /** What the api said last; undefined before it did. */
  readonly queue: QueueView | undefined;
  readonly agents: readonly Agent[] | undefined;
  readonly pools: readonly Pool[];
  readonly help: boolean;
  readonly confirm: { readonly question: string; readonly command: Command } | undefined;
  readonly notice: Notice | undefined;
}

export type Mode = 'confirm' | 'help' | 'search' | 'job' | Tab;

export function toInitialState(size: Size): State {
  return {
    size,
    board: emptyBoard,
    connection: { state: 'connecting' },
    heardAt: undefined,
    selectedId: undefined,
    opened: undefined,
    tab: 'jobs',
    filter: { text: '', states: 'all' },
    typing: undefined,
    history: { next: undefined, loading: false },
    queue: undefined,
    agents: undefined,
    pools: [],
    help: false,
    confirm: undefined,
    notice: undefined,
  };
}

export function toMode(state: State): Mode {
  if (state.confirm !== undefined) return 'confirm';
  if (state.help) return 'help';
  if (state.typing !== undefined) return 'search';
  return state.opened === undefined ? state.tab : 'job';
}

/** The states that a filter leaves, as the api takes them; undefined: all. */
export function toStates({ states }: Filter): readonly JobState[] | undefined {
  if (states === 'all') return undefined;
  if (states === 'failed') return ['failure', 'timeout', 'dead'];
  return ['waiting', 'blocked', 'delayed', 'queued', 'running'];
}

/** The jobs of the board that the filter leaves, newest first. */
export function toShown({ board, filter }: State): Job[] {
  const jobs = toJobs(board);
  if (filter.text === '' && filter.states === 'all') return jobs;
  const isIn = ({ state }: Job) =>
    filter.states === 'all' ||
    (filter.states === 'failed' ? ['failure', 'timeout', 'dead'].includes(state) : !isFinal(state));
  return jobs.filter((job) => isIn(job) && (filter.text === '' || isFound(job, filter.text)));
}

/** The job that keys act on: the opened one, else the selected one; of an agent's only what the board knows. */
export function toJob(state: State): Job | undefined {
  const { opened, tab, board, queue } = state;
  if (opened !== undefined) return board.known.get(opened.id)?.job;
  const row = toSelectedRow(state);
  if (tab === 'queue') return queue?.jobs[row]?.job;
  if (tab === 'agents') return board.known.get(state.agents?.[row]?.job ?? '')?.job;
  return toShown(state)[row];
}

/** The ids of the jobs in the rows of the tab. */
export function toRowIds(state: State): string[] {
  if (state.tab === 'queue') return (state.queue?.jobs ?? []).map(({ job }) => job.id);
  if (state.tab === 'agents') return (state.agents ?? []).map(({ job }) => job);
  return toShown(state).map(({ id }) => id);
}

export function toSelectedRow(state: State): number {
  if (state.selectedId === undefined) return 0;
  return Math.max(0, toRowIds(state).indexOf(state.selectedId));
}

export function select(state: State, row: number): State {
  const ids = toRowIds(state);
  const to = Math.max(0, Math.min(row, ids.length - 1));
  return { ...state, selectedId: to === 0 ? undefined : ids[to] };
}
