import type { Job } from '../core/job/index.ts';
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
}

/** What is asked for a job once it is confirmed. */
export type Decision = 'cancel' | 'retry' | 'rerun' | 'approve' | 'skip' | 'requeue';

/** What the program is to do beyond showing another state. */
export type Command =
  | { readonly type: 'open' | Decision; readonly id: string }
  | { readonly type: 'close' | 'quit' | 'interrupt' };

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
  readonly help: boolean;
  readonly confirm: { readonly question: string; readonly command: Command } | undefined;
  readonly notice: Notice | undefined;
}

export type Mode = 'confirm' | 'help' | 'job' | 'jobs';

export function toInitialState(size: Size): State {
  return {
    size,
    board: emptyBoard,
    connection: { state: 'connecting' },
    heardAt: undefined,
    selectedId: undefined,
    opened: undefined,
    help: false,
    confirm: undefined,
    notice: undefined,
  };
}

export function toMode(state: State): Mode {
  if (state.confirm !== undefined) return 'confirm';
  if (state.help) return 'help';
  return state.opened === undefined ? 'jobs' : 'job';
}

/** The job that keys act on: the opened one, else the selected one. */
export function toJob(state: State): Job | undefined {
  if (state.opened !== undefined) return state.board.known.get(state.opened.id)?.job;
  return toJobs(state.board)[toSelectedRow(state)];
}

export function toSelectedRow({ board, selectedId }: State): number {
  if (selectedId === undefined) return 0;
  return Math.max(
    0,
    toJobs(board).findIndex(({ id }) => id === selectedId),
  );
}

export function select(state: State, row: number): State {
  const jobs = toJobs(state.board);
  const to = Math.max(0, Math.min(row, jobs.length - 1));
  return { ...state, selectedId: to === 0 ? undefined : jobs[to]?.id };
}
