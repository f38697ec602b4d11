import type { Job } from '../core/job/index.ts';
import type { Queue } from '../core/queue/index.ts';
import {
  type Attributes,
  parseTraceparent,
  type Span,
  type SpanOptions,
  type Tracer,
} from '../core/trace/index.ts';

/** Does something as a span; one that throws has failed. */
export async function trace<T>(
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  action: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracer.start(name, options);
  try {
    return await action(span);
  } catch (error) {
    span.fail();
    throw error;
  } finally {
    span.end();
  }
}

/** Where a request stands in a trace: its own, or that of a caller who has shown who it is. */
export function toServerSpan(traceparent: string | undefined, attributes: Attributes): SpanOptions {
  return { kind: 'server', parent: parseTraceparent(traceparent), attributes };
}

export function toJobAttributes({ id, spec, attempt }: Pick<Job, 'id' | 'spec' | 'attempt'>): Attributes {
  const { repository, event, workflow } = spec;
  return {
    'bellows.job': id,
    'bellows.repository': repository,
    'bellows.event': event,
    'bellows.workflow': workflow,
    'bellows.attempt': attempt,
  };
}

/** How long a job waited, and its claim, once an agent has it; looked up behind the agent's back. */
export async function traceClaim(
  { tracer, queue }: { tracer: Tracer; queue: Pick<Queue, 'job'> },
  { job: id, spec, attempt }: { job: string; spec: Job['spec']; attempt: number },
  claimStartMs: number,
): Promise<void> {
  const parent = parseTraceparent(spec.traceparent);
  if (!tracer.sends || parent?.sampled !== true) return;
  const attributes = toJobAttributes({ id, spec, attempt });
  tracer.start('claim', { parent, kind: 'server', startMs: claimStartMs, attributes }).end();
  const { queuedAt, startedAt } = (await queue.job(id))?.job ?? {};
  if (queuedAt !== undefined && startedAt !== undefined)
    tracer.start('wait', { parent, startMs: queuedAt, attributes }).end(startedAt);
}
