import { afterEach, expect, test } from '@jest/globals';
import type { EventMessage } from '../../../services/core/client/index.ts';
import { type Job, type JobEvent, toId } from '../../../services/core/job/index.ts';
import { type Journal, openJournal } from '../../../services/demo/journal.ts';
import { aJob } from './job.ts';

const id = toId('job');
const created: JobEvent = { type: 'created', job: id, at: 1, snapshot: aJob({ id, state: 'queued' }) };
const finished: JobEvent = { type: 'finished', job: id, at: 2, state: 'success' };

let journal: Journal;
afterEach(() => journal.stop());

/** An api whose connections hold these messages, one list a connection, then nothing until it is left. */
function apiOf(...connections: (EventMessage[] | Error)[]) {
  const asked: string[] = [];
  async function* events(from: string, signal: AbortSignal): AsyncGenerator<EventMessage> {
    asked.push(from);
    const next = connections.shift();
    if (next instanceof Error) throw next;
    yield* next ?? [];
    if (connections.length > 0) return;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  }
  return { asked, events, jobs: async () => ({ jobs: [], event: '5-0' }) };
}

const isDone = () => (journal.jobs.get(id)?.state === 'success' ? journal.jobs.get(id) : undefined);

test('a journal goes on where it was when the api comes back', async () => {
  const api = apiOf([{ id: '6-0', event: created }], new Error('refused'), [{ id: '7-0', event: finished }]);
  journal = await openJournal(api, 1);
  const job: Job = await journal.until(isDone, 'the end');
  expect(job.state).toBe('success');
  expect(api.asked).toEqual(['5-0', '6-0', '6-0']);
  expect(journal.events).toEqual([created, finished]);
  expect(journal.seenAt(finished)).toBeGreaterThan(1e12);
});

test('what does not come to be in time is said', async () => {
  journal = await openJournal(apiOf([]), 1);
  await expect(journal.until(isDone, 'the end', 20)).rejects.toThrow('after 0.02 s still not: the end');
});

test('who waits in vain is told why nothing came', async () => {
  journal = await openJournal(apiOf(new Error('refused')), 1000);
  const told = 'still not: the end (events cannot be followed: refused)';
  await expect(journal.until(isDone, 'the end', 20)).rejects.toThrow(told);
});

test('nobody waits for a journal that has stopped', async () => {
  journal = await openJournal(apiOf([]), 1);
  const waiting = expect(journal.until(isDone, 'the end')).rejects.toThrow('stopped');
  await journal.stop();
  await waiting;
  await expect(journal.until(isDone, 'the end')).rejects.toThrow('stopped');
});

test('events that the api has forgotten are an error for whoever waits', async () => {
  journal = await openJournal(apiOf([{ reset: true }]), 1);
  await expect(journal.until(isDone, 'the end')).rejects.toThrow('has forgotten events');
});
