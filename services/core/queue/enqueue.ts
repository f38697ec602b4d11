import type { Forge } from '../job/index.ts';
import { QueueError } from './error.ts';
import { deliveryMs, type Limits } from './limits.ts';
import { toCall } from './new-jobs.ts';
import type { EnqueueRequest, EnqueueResult } from './queue.ts';
import { type Reply, type Run, toList, toNumber, toText } from './run-script.ts';
import { enqueue } from './scripts/enqueue.ts';
import { toOneOf } from './snapshot.ts';

interface Waiting {
  request: EnqueueRequest;
  epoch: number;
  tries: number;
  resolve(result: EnqueueResult): void;
  reject(error: unknown): void;
}

/** Redis works on one call while the next is made, and no call holds it for long. */
const mostInOneCall = 16;
const mostEpochs = 10_000;
const mostTries = 5;

/**
 * Requests that come in the same turn of the event loop go to Redis in one call: each is still taken or
 * refused alone, but they share the round trip and the fsync.
 */
export function createEnqueue(
  run: Run,
  limits: Limits,
  told: readonly Forge[] = [],
): (request: EnqueueRequest) => Promise<EnqueueResult> {
  // A guess that the script checks: refs are rarely removed.
  const epochs = new Map<string, number>();
  let waiting: Waiting[] = [];

  const flush = () => {
    const all = waiting;
    waiting = [];
    for (let i = 0; i < all.length; i += mostInOneCall) void send(all.slice(i, i + mostInOneCall));
  };

  const send = async (batch: Waiting[]) => {
    const calls = [];
    for (const each of batch) {
      try {
        calls.push({ each, ...toCall(each.request, each.epoch, limits.jobs, told) });
      } catch (error) {
        each.reject(error);
      }
    }
    if (calls.length === 0) return;
    const jobs = calls.reduce((sum, { ids }) => sum + ids.length, 0);
    const asked = [...toCaps(limits), `${deliveryMs}`, `${jobs}`, calls.map((call) => call.asked)];
    const args = [JSON.stringify(asked), ...calls.flatMap((call) => call.specs)];
    try {
      const answers = toList(await run(enqueue, args));
      for (const [i, { each, pipeline, ids }] of calls.entries()) {
        const answer = toAnswer(answers[i], pipeline, ids);
        if (typeof answer === 'number') again(each, answer);
        else each.resolve(answer);
      }
    } catch (error) {
      for (const { each } of calls) each.reject(error);
    }
  };

  const push = (each: Waiting) => {
    waiting.push(each);
    if (waiting.length === 1) queueMicrotask(flush);
  };

  const again = (each: Waiting, epoch: number) => {
    if (epochs.size >= mostEpochs) epochs.clear();
    epochs.set(toRef(each.request), epoch);
    if (each.tries < mostTries) push({ ...each, epoch, tries: each.tries + 1 });
    else
      each.reject(new QueueError('unavailable', 'enqueue: the ref is removed faster than it can be pushed'));
  };

  return (request) =>
    new Promise((resolve, reject) => {
      push({ request, epoch: epochs.get(toRef(request)) ?? 0, tries: 1, resolve, reject });
    });
}

export function toCaps({ unfinished, unfinishedOfPool, unfinishedOfRepository }: Limits): number[] {
  return [unfinished, unfinishedOfPool, unfinishedOfRepository];
}

function toRef({ cause }: EnqueueRequest): string {
  return cause.kind === 'ref' ? `${cause.repository} ${cause.ref}` : '';
}

/** The answer, or the epoch that the ref really has. */
function toAnswer(reply: Reply | undefined, pipeline: string, ids: string[]): EnqueueResult | number {
  const [answer, known] = toList(reply);
  return toText(answer) === 'epoch' ? Number(toText(known)) : toEnqueued(reply, pipeline, ids);
}

export function toEnqueued(reply: Reply | undefined, pipeline: string, ids: string[]): EnqueueResult {
  const [answer, known, ...rest] = toList(reply);
  const word = toText(answer);
  if (word === 'enqueued') return { answer: 'enqueued', pipeline, jobs: ids };
  if (word === 'full') {
    const of = toOneOf(['all', 'pool', 'repository', 'hour'] as const, toText(known));
    const [most, afterMs] = rest.map(toNumber);
    return { answer: 'full', of, most: most ?? 0, ...(afterMs === undefined ? {} : { afterMs }) };
  }
  if (word !== 'dup') throw new QueueError('unavailable', `enqueue: unknown answer ${word}`);
  const first = toText(known);
  // History may have trimmed it; ids can be made again where they are those of this request.
  const jobs = rest.length > 0 || first !== pipeline ? toJobs(rest) : ids;
  return { answer: 'dup', pipeline: first, jobs };
}

/** From the pipeline's hash, job and place in turn, to jobs in their order. */
export function toJobs(places: readonly Reply[]): string[] {
  const jobs: { id: string; place: number }[] = [];
  for (let i = 0; i + 1 < places.length; i += 2) {
    jobs.push({ id: toText(places[i]), place: Number(toText(places[i + 1])) });
  }
  return jobs.sort((a, b) => a.place - b.place).map((job) => job.id);
}
