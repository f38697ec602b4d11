import { expect, test } from '@jest/globals';
import type { Job } from '../../../services/core/job/index.ts';
import { bindings, press } from '../../../services/tui/bindings.ts';
import { emptyBoard, learn } from '../../../services/tui/board.ts';
import { createLogLines } from '../../../services/tui/log-lines.ts';
import { unicodeLook } from '../../../services/tui/look.ts';
import { type Command, type State, toInitialState, toJob } from '../../../services/tui/state.ts';
import { createJob, toJobId } from './jobs.ts';

const many = Array.from({ length: 50 }, (_, index) =>
  createJob({ number: 50 - index, createdAt: 50 - index }),
);

function createState(list: readonly Job[] = many): State {
  return { ...toInitialState({ columns: 80, rows: 24 }), board: learn(emptyBoard, list, '1-0') };
}

function openLog(list: readonly Job[] = many): State {
  const log = createLogLines(unicodeLook);
  const text = Array.from({ length: 100 }, (_, index) => `${index + 1}\n`).join('');
  log.add('1-1', { step: 'test', text });
  return { ...createState(list), opened: { id: list[0]?.id ?? '', log, top: undefined } };
}

/** Presses one key after the other; the commands that come of it. */
function type(state: State, ...keys: string[]): { state: State; commands: Command[] } {
  const commands: Command[] = [];
  const last = keys.reduce((before, key) => {
    const { state: after, command } = press(before, key);
    if (command !== undefined) commands.push(command);
    return after;
  }, state);
  return { state: last, commands };
}

const number = (state: State) => Number.parseInt(toJob(state)?.id ?? '', 16);

test.each([
  [['j'], 49],
  [['j', 'j', 'k'], 49],
  [['down', 'down', 'up'], 49],
  [['k'], 50],
  [['pagedown'], 32],
  [['space', 'pageup'], 50],
  [['G'], 1],
  [['end', 'j'], 1],
  [['G', 'g'], 50],
  [['x'], 50],
])('%j selects job %d of 50 to 1', (keys, selected) => {
  expect(number(type(createState(), ...keys).state)).toBe(selected);
});

test('the selection stays on its job while others come in above; untouched it stays on the newest', () => {
  const board = learn(emptyBoard, [createJob({ number: 51, createdAt: 51 }), ...many], '2-0');
  expect(number({ ...type(createState(), 'j').state, board })).toBe(49);
  expect(number({ ...createState(), board })).toBe(51);
});

test('Enter opens the selected job, Esc goes back to it', () => {
  expect(type(createState(), 'j', 'enter').commands).toEqual([{ type: 'open', id: toJobId(49) }]);
  const back = type(openLog(), 'escape');
  expect([back.commands, back.state.opened]).toEqual([[{ type: 'close' }], undefined]);
});

test.each([
  ['c', 'cancel', createJob({ state: 'running' }), 'Cancel local/ada/engine main (00000000)?'],
  ['r', 'retry', createJob({ state: 'failure' }), 'Retry local/ada/engine main (00000000)?'],
  [
    'R',
    'rerun',
    createJob({ state: 'failure' }),
    'Run again what failed in the pipeline of local/ada/engine main (00000000)?',
  ],
  [
    'a',
    'approve',
    createJob({ state: 'waiting', awaits: true }),
    'Approve local/ada/engine main (00000000)?',
  ],
  ['s', 'skip', createJob({ state: 'waiting', awaits: true }), 'Skip local/ada/engine main (00000000)?'],
  ['u', 'requeue', createJob({ state: 'dead' }), 'Requeue local/ada/engine main (00000000)?'],
])('%s asks before it %ss, and n or Esc is no', (key, command, job, question) => {
  for (const state of [createState([job]), openLog([job])]) {
    expect(type(state, key).state.confirm?.question).toBe(question);
    expect(type(state, key).commands).toEqual([]);
    expect(type(state, key, 'y').commands).toEqual([{ type: command, id: job.id }]);
    expect(type(state, key, 'y').state.confirm).toBeUndefined();
    for (const no of ['n', 'escape', 'q', 'enter']) {
      expect(type(state, key, no)).toMatchObject({ commands: [], state: { confirm: undefined } });
    }
    expect(type(state, key, 'j', 'y').commands).toEqual([{ type: command, id: job.id }]);
  }
});

test.each([
  ['c', createJob({ state: 'success' }), 'the job is over: success'],
  ['c', createJob({ state: 'running', cancelling: true }), 'the job has been asked to stop already'],
  ['r', createJob({ state: 'running' }), 'the job is running; only a finished one can be run again'],
  ['R', createJob({ state: 'waiting' }), 'the job is waiting; only a finished one can be run again'],
  ['a', createJob({ state: 'waiting' }), 'the job does not await approval'],
  ['s', createJob({ state: 'cancelled', awaits: true }), 'the job does not await approval'],
  ['u', createJob({ state: 'failure' }), 'the job is failure; only a dead one goes back into the queue'],
])('%s is refused with a reason, which the next key clears', (key, job, reason) => {
  const { state, commands } = type(createState([job]), key);
  expect([state.notice, commands]).toEqual([{ text: reason, bad: true }, []]);
  expect(type(state, 'j').state.notice).toBeUndefined();
});

test.each(['c', 'r', 'enter'])('%s without a job is refused', (key) => {
  expect(type(createState([]), key).state.notice?.text).toBe('there is no job here yet');
});

test('the log follows its end until one scrolls up, and again from its end on', () => {
  const top = (...keys: string[]) => type(openLog(), ...keys).state.opened?.top;
  // 101 lines with the name of the step, 18 rows.
  expect(top()).toBeUndefined();
  expect(top('k')).toBe(82);
  expect(top('pageup')).toBe(65);
  expect(top('g')).toBe(0);
  expect(top('g', 'j')).toBe(1);
  expect(top('k', 'j')).toBeUndefined();
  expect(top('g', 'G')).toBeUndefined();
  expect(top('f')).toBe(83);
  expect(top('g', 'f')).toBeUndefined();
});

test('? shows the help and closes it; q closes what is open, else it leaves', () => {
  expect(type(createState(), '?').state.help).toBe(true);
  expect(type(createState(), '?', '?').state.help).toBe(false);
  expect(type(createState(), '?', 'q')).toMatchObject({ commands: [], state: { help: false } });
  expect(type(createState(), 'q').commands).toEqual([{ type: 'quit' }]);
  expect(type(openLog(), 'q').commands).toEqual([{ type: 'quit' }]);
  for (const keys of [[], ['?'], ['c']])
    expect(type(createState(), ...keys, 'C-c').commands).toEqual([{ type: 'interrupt' }]);
});

test('no key means two things in one place', () => {
  for (const mode of ['jobs', 'queue', 'agents', 'job', 'help', 'confirm', 'search'] as const) {
    const keys = bindings.filter(({ modes }) => modes.includes(mode)).flatMap((binding) => binding.keys);
    expect(keys).toEqual([...new Set(keys)]);
  }
});
