import type { ApiClient } from '../core/client/index.ts';
import { type Context, untilEnd, untilJob } from './context.ts';
import type { FloorMeter } from './floor.ts';
import { isApi, type ProcessRow } from './processes.ts';
import type { Copy } from './remote.ts';
import { trivial } from './stages/trivial.ts';
import type { Course, Floor } from './times.ts';

/** Pushes a trivial pipeline again and again, and the floor beside it, one after the other. */
export async function measure(context: Context, floor: FloorMeter, runs: number, onRun: (n: number) => void) {
  const copy = await context.remote.make('times', trivial);
  const courses: Course[] = [];
  const floors: Floor[] = [];
  // The first one also makes the repository and fills the machine's caches: it does not count.
  await measureOne(context, copy);
  await floor.measure();
  for (let n = 1; n <= runs; n += 1) {
    onRun(n);
    await context.remote.commit(copy, `Run ${n}`);
    courses.push(await measureOne(context, copy));
    floors.push(await floor.measure());
  }
  return { courses, floors };
}

async function measureOne(context: Context, copy: Copy): Promise<Course> {
  const { remote, journal, api, machine, accepted } = context;
  const known = new Set(journal.jobs.keys());
  const isOurs = (id: string, repository: string) => !known.has(id) && repository === copy.repository;
  const following = journal
    .until(
      () => [...journal.jobs.values()].find(({ id, spec }) => isOurs(id, spec.repository)),
      'a job for the push that is measured',
    )
    .then(({ id }) => untilLine(api, id));
  const claimed = journal
    .until(
      () => [...journal.jobs.values()].find((job) => isOurs(job.id, job.spec.repository) && job.startedAt),
      'the claim of the job that is measured',
    )
    .then(async () => toAgentStart(await machine.children(), context.idle));
  const { movement, result, sentAt } = await remote.pushTimed(copy);
  if (!result.ok) throw new Error(`a push was refused: ${result.stderr.trim()}`);
  accepted.push(movement);
  const [line, spawned, { id }] = await Promise.all([following, claimed, untilJob(context, movement)]);
  const job = await untilEnd(context, movement);
  const own = journal.events.filter((event) => event.job === id);
  const end = own.find((event) => event.type === 'finished');
  const step = job.steps.find(({ name }) => name === 'hello');
  if (job.state !== 'success' || end === undefined || step?.startedAt === undefined)
    throw new Error(`a job that is measured ended as ${job.state}: ${job.reason ?? 'no reason'}`);
  return {
    start: result.startedAt,
    sent: sentAt,
    accepted: job.createdAt,
    ...(spawned === undefined ? {} : { spawned }),
    claimed: job.startedAt ?? job.createdAt,
    step: step.startedAt,
    line,
    finished: journal.seenAt(end),
  };
}

/** Follows a job's log as a terminal does, until the first line of its step has come. */
async function untilLine(api: Pick<ApiClient, 'log'>, id: string): Promise<number> {
  const stop = new AbortController();
  try {
    for await (const message of api.log(id, undefined, stop.signal))
      if ('chunk' in message && message.chunk.step === 'hello') return Date.now();
    throw new Error(`the log of job ${id} ended without a line of its step`);
  } finally {
    stop.abort();
  }
}

/** The newest of the edition's processes that is none of those that always run. */
export function toAgentStart(
  children: readonly ProcessRow[],
  idle: readonly { command: string }[],
): number | undefined {
  const known = new Set(idle.map((row) => row.command));
  const agents = children.filter((row) => !isApi(row) && !known.has(row.command));
  return agents.map((row) => row.startedAt).findLast((at) => at !== undefined);
}
