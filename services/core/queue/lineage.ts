import type { JobState, Lineage } from '../job/index.ts';
import { jobStates } from '../job/index.ts';
import { type Reply, type Run, toBytes, toList, toText } from './run-script.ts';
import { lineage } from './scripts/lineage.ts';
import { toOneOf } from './snapshot.ts';
import { parseSpec } from './spec-bytes.ts';

/** Where a job's pipeline stands among those of its repository; undefined where history has forgotten the job. */
export async function readLineage(run: Run, id: string): Promise<Lineage | undefined> {
  const reply = await run(lineage, [id]);
  if (reply === null) return undefined;
  const [created, number, parent, place, before] = toList(reply);
  return {
    createdAt: Number(toText(created)),
    ...toOptional('number', number),
    ...toOptional('parent', parent),
    ...toOptional('place', place),
    ...(before === undefined ? {} : { before: toBefore(toList(before)) }),
  };
}

function toBefore([job, spec, number, parent, created, started, finished, states]: Reply[]): NonNullable<
  Lineage['before']
> {
  const { subject, author, branch, event, ref, sha, sender, pullRequest, reason, deployment, commit } =
    parseSpec(toBytes(spec));
  const of = { subject, author, branch, event, ref, sha, sender, pullRequest, reason, deployment, commit };
  const known = Object.entries(of).filter(([, value]) => value !== undefined);
  return {
    job: toText(job),
    spec: Object.fromEntries(known) as typeof of,
    ...toOptional('number', number),
    ...toOptional('parent', parent),
    createdAt: Number(toText(created)),
    ...toOptional('startedAt', started),
    ...toOptional('finishedAt', finished),
    state: toWorst(toList(states).map((state) => toOneOf(jobStates, toText(state)))),
  };
}

/** What is to be said of several jobs: that some are not done, else the worst of how they ended. */
const order: readonly JobState[] = [
  'running',
  'queued',
  'delayed',
  'blocked',
  'waiting',
  'dead',
  'failure',
  'timeout',
  'cancelled',
  'success',
  'skipped',
];

function toWorst(states: readonly JobState[]): JobState {
  return order.find((state) => states.includes(state)) ?? 'skipped';
}

function toOptional<K extends string>(key: K, reply: Reply | undefined): { [k in K]?: number } {
  const text = toText(reply);
  return (text === '' ? {} : { [key]: Number(text) }) as { [k in K]?: number };
}
