import {
  type Agents,
  type Job,
  jobStates,
  type PipelineView,
  type Pool,
  type QueueEntry,
  type QueueView,
  toOutcome,
} from '../job/index.ts';
import type { WaitingFilter } from './queue.ts';
import { type Reply, type Run, toFields, toList, toNumber, toText } from './run-script.ts';
import { agents, line, pipeline, pools } from './scripts/survey.ts';
import { ownAgents, ownLine, ownPools } from './scripts/survey-own.ts';
import { toJob } from './snapshot.ts';

/** More agents than this are counted, and not listed. */
const mostAgents = 500;
/**
 * The newest jobs, among which those are looked for that cannot be claimed yet; and, of one repository, all that have
 * not ended.
 */
const lookedThrough = 2_000;

/** Undefined: all. */
type Own = readonly string[] | undefined;

/** @param leaseMs from the last heartbeat to the end of a lease. */
export async function readAgents(run: Run, leaseMs: number, own: Own): Promise<Agents> {
  const answer =
    own === undefined ? run(agents, [mostAgents]) : run(ownAgents, [mostAgents, lookedThrough, ...own]);
  const [total, ...rest] = toList(await answer);
  return {
    total: toNumber(total),
    agents: rest.map((reply) => {
      const [job, ends, ...fields] = toList(reply);
      const [agent = '', pool = '', repository = '', since = '0', attempt = '1'] = fields.map(toText);
      const heardAt = Math.max(0, toNumber(ends) - leaseMs);
      return {
        agent,
        job: toText(job),
        pool,
        repository,
        since: Number(since),
        heardAt,
        attempt: Number(attempt),
      };
    }),
  };
}

export async function readPools(run: Run, own: Own): Promise<Pool[]> {
  const answer = own === undefined ? run(pools, []) : run(ownPools, [lookedThrough, ...own]);
  return toList(await answer).map((reply) => {
    const [pool, queued, running, oldest] = toList(reply);
    const since = toText(oldest);
    return {
      pool: toText(pool),
      queued: toNumber(queued),
      running: toNumber(running),
      ...(since === '' ? {} : { oldest: Number(since) }),
    };
  });
}

export async function readQueue(run: Run, filter: WaitingFilter): Promise<QueueView> {
  const { pool = '', limit, repositories: own } = filter;
  const args = [pool, limit, lookedThrough];
  const answer = own === undefined ? run(line, args) : run(ownLine, [...args, ...own]);
  const [counts, ...entries] = toList(await answer);
  const [queued = 0, blocked = 0, waiting = 0, delayed = 0] = toList(counts).map(toNumber);
  return { counts: { queued, blocked, waiting, delayed }, jobs: entries.map(toEntry) };
}

function toEntry(reply: Reply): QueueEntry {
  const [row, place, priority, ...needs] = toList(reply);
  const group = toFields(toList(row)[1]).get('group');
  return {
    job: toJob(row),
    ...(toNumber(place) === 0 ? {} : { place: toNumber(place) }),
    class: toNumber(priority),
    ...(group === undefined ? {} : { group }),
    needs: needs.map(toText),
  };
}

/** Without the steps of its jobs; undefined where there is none. */
export async function readPipelineView(run: Run, id: string): Promise<PipelineView | undefined> {
  const [event, ...rest] = toList(await run(pipeline, [id]));
  if (rest.length === 0) return undefined;
  const jobs = rest
    .map((reply) => {
      const [place, row, ...needs] = toList(reply);
      return { place: Number(toText(place)), job: toJob(row), needs: needs.map(toText) };
    })
    .sort((a, b) => a.place - b.place)
    .map(({ job, needs }) => ({ job, needs }));
  const states = jobs.map(({ job }) => job.state);
  const outcome = toOutcome(states);
  return {
    pipeline: id,
    ...(outcome === undefined ? {} : { outcome }),
    counts: toCounts(states),
    jobs,
    event: toText(event),
  };
}

function toCounts(states: readonly Job['state'][]): PipelineView['counts'] {
  const counted = jobStates.map((state) => [state, states.filter((each) => each === state).length] as const);
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}
