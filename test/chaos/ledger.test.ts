import { expect, test } from '@jest/globals';
import type { Note } from './agent/work.ts';
import {
  type Asked,
  type Decided,
  findBeside,
  findLogFault,
  findTaken,
  type Kept,
  toLedger,
} from './ledger.ts';

const asked: Asked = { name: 'push 1', ends: ['success'], accepted: true, jobs: ['a'] };
const created: Decided = { type: 'created', job: 'a', at: 1 };
const finished: Decided = { type: 'finished', job: 'a', at: 2, state: 'success' };
const kept: Kept = { id: 'a', name: 'push 1', state: 'success', fence: 1 };
const says: Note = { at: 1, agent: 'one', what: 'says', job: 'a', outcome: 'success' };
const heard: Note = { ...says, what: 'heard', answer: 'done' };
const look = (given: { asked?: Asked[]; decided?: Decided[]; kept?: Kept[]; notes?: Note[] }) => {
  const all = { asked: [asked], decided: [created, finished], kept: [kept], notes: [says, heard], ...given };
  return toLedger(all.asked, all.decided, all.kept, all.notes);
};

test('what was accepted and ended once is in order', () => {
  expect(look({})).toEqual({ accepted: 1, finished: 1, wrong: [] });
});

test.each([
  ['a job that is gone', { kept: [] }, 'lost'],
  ['a job that has not ended', { decided: [created], kept: [{ ...kept, state: 'queued' }] }, 'lost'],
  ['a job that ended twice', { decided: [created, finished, finished] }, 'doubled'],
  ['a push that became two jobs', { kept: [kept, { ...kept, id: 'b' }] }, 'doubled'],
  ['an answer that names another job', { asked: [{ ...asked, jobs: ['a', 'b'] }] }, 'doubled'],
  [
    'an end that two agents were told counts',
    { notes: [says, heard, { ...heard, agent: 'two' }] },
    'doubled',
  ],
  ['a success that no agent said', { notes: [] }, 'no agent said'],
  ['another end than the agent was told', { notes: [says, { ...heard, outcome: 'failure' }] }, 'counts'],
  ['another end than the work has', { kept: [{ ...kept, state: 'failure' }] }, 'ended as failure'],
  ['a job that nobody asked for', { kept: [kept, { ...kept, id: 'b', name: 'push 2' }] }, 'unasked'],
])('%s is noticed', (_, given, word) => {
  const { wrong } = look(given);
  expect(wrong.join('\n')).toContain(word);
});

test('a job whose agents were lost three times may be dead, and one with fewer losses may not', () => {
  const lost: Decided = { type: 'lost', job: 'a', at: 2, fence: 2 };
  const dead: Decided = { type: 'dead', job: 'a', at: 3 };
  const state = { kept: [{ ...kept, state: 'dead' }], notes: [] };
  expect(look({ decided: [created, lost, lost, lost, dead], ...state }).wrong).toEqual([]);
  expect(look({ decided: [created, lost, lost, dead], ...state }).wrong).toHaveLength(1);
});

test('two jobs of a group that ran beside each other are noticed, and one after the other is in order', () => {
  const claimed = (job: string): Decided => ({ type: 'claimed', job, at: 1 });
  const group = new Set(['a', 'b']);
  expect(findBeside([claimed('a'), finished, claimed('b')], group)).toEqual([]);
  expect(findBeside([claimed('a'), claimed('c'), claimed('b')], group)).toHaveLength(1);
});

test('a job is taken from who took it, not from who never heard of it', () => {
  const lost: Decided = { type: 'lost', job: 'a', at: 2, fence: 2 };
  const took: Note = { at: 1, agent: 'one', what: 'took', job: 'a', fence: 1 };
  expect(findTaken([lost], [took])).toBe(1);
  expect(findTaken([lost], [])).toBe(0);
  expect(findTaken([lost], [{ ...took, fence: 2 }])).toBe(0);
});

test('a log is all that its agent wrote; without room it is how that began, and says to the byte what is missing', () => {
  expect(findLogFault('ab\n', 'ab\n', false)).toBeUndefined();
  for (const cut of ['', 'a', 'a[2 bytes were dropped here]\n', '[3 bytes were dropped here]\n']) {
    expect(findLogFault(cut, 'ab\n', true)).toBeUndefined();
    expect(findLogFault(cut, 'ab\n', false)).toContain('its agent wrote 3');
  }
  for (const wrong of ['b', 'ab\nc', 'a[1 bytes were dropped here]\n', '[2 bytes were dropped here]\nb\n'])
    expect(findLogFault(wrong, 'ab\n', true)).toContain('its agent wrote 3');
});
