import { type Job, type JobEvent, jobEventSchema } from '../job/index.ts';

/** An entry of the events stream: `<type> <job> <time> <JSON, where there is more>`. */
export interface StoredEvent {
  type: string;
  job: string;
  at: number;
  rest: Record<string, unknown>;
}

export function parseStoredEvent(text: string): StoredEvent {
  const [type = '', job = '', at = ''] = text.split(' ', 3);
  const json = text.slice(type.length + job.length + at.length + 3);
  const rest: unknown = json === '' ? {} : JSON.parse(json);
  if (typeof rest !== 'object' || rest === null) throw new TypeError(`not an event: ${text.slice(0, 100)}`);
  return { type, job, at: Number(at), rest: { ...rest } };
}

/**
 * A stored `created` is small: it only says what the job cannot say of itself. The rest comes from what
 * never changes of the job, so the event is the same whenever it is read.
 *
 * @param job the job as it is now; needed for `created` only. Without it (trimmed since) there is no event.
 */
export function toJobEvent({ type, job: id, at, rest }: StoredEvent, job?: Job): JobEvent | undefined {
  if (type !== 'created') return jobEventSchema.parse({ ...rest, type, job: id, at });
  if (job === undefined) return undefined;
  const { pipeline, pool, spec, createdAt } = job;
  const first = rest.state === undefined ? { state: 'queued', queuedAt: at } : rest;
  const snapshot = { cancelling: false, attempt: 0, fence: 0, steps: [], ...first };
  return jobEventSchema.parse({
    type,
    job: id,
    at,
    snapshot: { id, pipeline, pool, spec, createdAt, ...snapshot },
  });
}
