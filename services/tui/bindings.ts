import { isFinal, type Job } from '../core/job/index.ts';
import type { Binding, Reaction } from './binding.ts';
import { toLogHeight } from './job-view.ts';
import { listBindings, tabBindings, typeKey } from './list-bindings.ts';
import { toLogWindow } from './log-window.ts';
import { type Decision, type State, select, toJob, toMode, toRowIds, toSelectedRow } from './state.ts';

export const bindings: readonly Binding[] = [
  {
    keys: ['y'],
    label: 'y',
    word: 'yes',
    help: 'do it',
    modes: ['confirm'],
    run: (state) => ({
      state: { ...state, confirm: undefined },
      ...(state.confirm === undefined ? {} : { command: state.confirm.command }),
    }),
  },
  {
    keys: ['n', 'escape', 'q', 'enter'],
    label: 'n Esc',
    word: 'no',
    help: 'leave it as it is',
    modes: ['confirm'],
    run: (state) => ({ state: { ...state, confirm: undefined } }),
  },
  {
    keys: ['enter', 'right', 'l'],
    label: 'Enter',
    word: 'open',
    help: 'open the job: its steps and its log',
    modes: ['jobs', 'queue', 'agents'],
    refuse: (state) => (toRowIds(state).length === 0 ? 'there is no job here yet' : undefined),
    run: (state) => {
      const id = toRowIds(state)[toSelectedRow(state)];
      return id === undefined ? { state } : { state, command: { type: 'open', id } };
    },
  },
  {
    keys: ['escape', 'left', 'h', 'backspace'],
    label: 'Esc',
    word: 'back',
    help: 'back to the list',
    modes: ['job'],
    run: (state) => ({ state: { ...state, opened: undefined }, command: { type: 'close' } }),
  },
  {
    keys: ['c'],
    label: 'c',
    word: 'cancel',
    help: 'stop the job, once confirmed',
    modes: ['jobs', 'queue', 'job'],
    refuse: (state) => refuseNone(state) ?? refuseCancel(toJob(state)),
    run: (state) => confirm(state, 'Cancel', 'cancel'),
  },
  {
    keys: ['r'],
    label: 'r',
    word: 'retry',
    help: 'run a finished job again, once confirmed',
    modes: ['jobs', 'job'],
    refuse: (state) => refuseNone(state) ?? refuseRetry(toJob(state)),
    run: (state) => confirm(state, 'Retry', 'retry'),
  },
  {
    keys: ['R'],
    label: 'R',
    help: 'run again what failed of the pipeline, once confirmed',
    modes: ['jobs', 'job'],
    refuse: (state) => refuseNone(state) ?? refuseRetry(toJob(state)),
    run: (state) => confirm(state, 'Run again what failed in the pipeline of', 'rerun'),
  },
  {
    keys: ['a'],
    label: 'a',
    help: 'approve what awaits it of this commit, once confirmed',
    modes: ['jobs', 'queue', 'job'],
    refuse: (state) => refuseNone(state) ?? refuseApproval(toJob(state)),
    run: (state) => confirm(state, 'Approve', 'approve'),
  },
  {
    keys: ['s'],
    label: 's',
    help: 'skip what awaits approval of this commit, once confirmed',
    modes: ['jobs', 'queue', 'job'],
    refuse: (state) => refuseNone(state) ?? refuseApproval(toJob(state)),
    run: (state) => confirm(state, 'Skip', 'skip'),
  },
  {
    keys: ['u'],
    label: 'u',
    help: 'put a dead job back into the queue, once confirmed',
    modes: ['jobs', 'job'],
    refuse: (state) => refuseNone(state) ?? refuseRequeue(toJob(state)),
    run: (state) => confirm(state, 'Requeue', 'requeue'),
  },
  {
    keys: ['f'],
    label: 'f',
    word: 'follow',
    help: 'follow the end of the log, or stop following',
    modes: ['job'],
    run: (state) => ({ state: state.opened?.top === undefined ? scroll(state, 0) : follow(state) }),
  },
  {
    keys: ['j', 'down'],
    label: 'j Down',
    help: 'down',
    modes: ['jobs', 'queue', 'agents', 'job'],
    run: (state) => forward(state, 1),
  },
  {
    keys: ['k', 'up'],
    label: 'k Up',
    help: 'up',
    modes: ['jobs', 'queue', 'agents', 'job'],
    run: (state) => ({ state: move(state, -1) }),
  },
  {
    keys: ['pagedown', 'space', 'C-f', 'C-d'],
    label: 'PgDn Space',
    help: 'a page down',
    modes: ['jobs', 'queue', 'agents', 'job'],
    run: (state) => forward(state, toPage(state)),
  },
  {
    keys: ['pageup', 'b', 'C-b', 'C-u'],
    label: 'PgUp b',
    help: 'a page up',
    modes: ['jobs', 'queue', 'agents', 'job'],
    run: (state) => ({ state: move(state, -toPage(state)) }),
  },
  {
    keys: ['g', 'home'],
    label: 'g Home',
    help: 'to the newest job, or the start of the log',
    modes: ['jobs', 'queue', 'agents', 'job'],
    run: (state) => ({ state: move(state, -Infinity) }),
  },
  {
    keys: ['G', 'end'],
    label: 'G End',
    help: 'to the oldest job, or the end of the log and follow it',
    modes: ['jobs', 'queue', 'agents', 'job'],
    run: (state) => forward(state, Infinity),
  },
  ...listBindings,
  {
    keys: ['?', 'f1'],
    label: '?',
    word: 'help',
    help: 'this list of keys',
    modes: ['jobs', 'queue', 'agents', 'job'],
    run: (state) => ({ state: { ...state, help: true } }),
  },
  {
    keys: ['?', 'escape', 'enter', 'q'],
    label: 'Esc',
    word: 'close',
    help: 'close the help',
    modes: ['help'],
    run: (state) => ({ state: { ...state, help: false } }),
  },
  {
    keys: ['q'],
    label: 'q',
    word: 'quit',
    help: 'leave; jobs go on',
    modes: ['jobs', 'queue', 'agents', 'job'],
    run: (state) => ({ state, command: { type: 'quit' } }),
  },
  ...tabBindings,
  {
    keys: ['C-z'],
    label: 'Ctrl-Z',
    help: 'put this aside; fg in the shell brings it back',
    modes: ['jobs', 'queue', 'agents', 'job', 'help', 'confirm', 'search'],
    run: (state) => ({ state, command: { type: 'suspend' } }),
  },
  {
    keys: ['C-c'],
    label: 'Ctrl-C',
    help: 'leave, from everywhere, and end what started this',
    modes: ['jobs', 'queue', 'agents', 'job', 'help', 'confirm', 'search'],
    run: (state) => ({ state, command: { type: 'interrupt' } }),
  },
];

/** What one key does. A notice lasts until the next key. */
export function press(before: State, key: string): Reaction {
  const state = { ...before, notice: undefined };
  const mode = toMode(state);
  const binding = bindings.find(({ keys, modes }) => modes.includes(mode) && keys.includes(key));
  if (binding === undefined) return { state: typeKey(state, key) };
  const refusal = binding.refuse?.(state);
  if (refusal !== undefined) return { state: { ...state, notice: { text: refusal, bad: true } } };
  return binding.run(state);
}

function refuseNone(state: State): string | undefined {
  return toJob(state) === undefined ? 'there is no job here yet' : undefined;
}

function refuseCancel(job: Job | undefined): string | undefined {
  if (job === undefined) return undefined;
  if (isFinal(job.state)) return `the job is over: ${job.state}`;
  return job.cancelling ? 'the job has been asked to stop already' : undefined;
}

function refuseRetry(job: Job | undefined): string | undefined {
  if (job === undefined || isFinal(job.state)) return undefined;
  return `the job is ${job.state}; only a finished one can be run again`;
}

function refuseApproval(job: Job | undefined): string | undefined {
  if (job === undefined || (job.awaits === true && job.state === 'waiting')) return undefined;
  return 'the job does not await approval';
}

function refuseRequeue(job: Job | undefined): string | undefined {
  if (job === undefined || job.state === 'dead') return undefined;
  return `the job is ${job.state}; only a dead one goes back into the queue`;
}

function onJob(state: State, run: (job: Job) => Reaction): Reaction {
  const job = toJob(state);
  return job === undefined ? { state } : run(job);
}

function confirm(state: State, word: string, type: Decision): Reaction {
  return onJob(state, ({ id, spec }) => {
    const question = `${word} ${spec.repository} ${spec.branch} (${id.slice(0, 8)})?`;
    return { state: { ...state, confirm: { question, command: { type, id } } } };
  });
}

function toPage({ size }: State): number {
  return Math.max(1, size.rows - 6);
}

/** The end of the jobs that are known is where older ones are asked for. */
function forward(state: State, by: number): Reaction {
  const after = move(state, by);
  const { opened, tab, history } = after;
  const last = toSelectedRow(after) >= toRowIds(after).length - 1;
  if (opened !== undefined || tab !== 'jobs' || !last || history.next === undefined || history.loading)
    return { state: after };
  return { state: { ...after, history: { ...history, loading: true } }, command: { type: 'older' } };
}

function move(state: State, by: number): State {
  return state.opened === undefined ? select(state, toSelectedRow(state) + by) : scroll(state, by);
}

/** Scrolling to the end is following it. */
function scroll(state: State, by: number): State {
  const { opened, size } = state;
  if (opened === undefined) return state;
  const area = { columns: size.columns, height: toLogHeight(state) };
  const { top } = toLogWindow(opened.log, area, opened.top);
  const to = toLogWindow(opened.log, area, top + by);
  return { ...state, opened: { ...opened, top: to.atEnd && by > 0 ? undefined : to.top } };
}

function follow(state: State): State {
  return state.opened === undefined ? state : { ...state, opened: { ...state.opened, top: undefined } };
}
