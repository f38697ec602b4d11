import type { Claim, Outcome } from '../core/job/index.ts';
import type { Span } from '../core/trace/index.ts';
import type { Reporter } from './reporter.ts';

/** What a job's steps are to whoever collects traces. */
export interface JobTracing {
  /** The same, each step a span from its beginning to its end. */
  trace(reporter: Reporter): Reporter;
  /** What a step is given: programs that it starts may go on with the trace. */
  toStepVariables(step: string): Record<string, string>;
  /** The outcome is about to be told. */
  startComplete(): Span;
  /** Sends what there is, within 2 s: an agent that waits for a collector waits in vain. */
  end(outcome: Outcome['outcome'] | undefined): Promise<void>;
}

const flushMs = 2000;

/** Undefined where nobody collects, or nobody keeps this trace: then nothing is loaded. */
export async function openTracing(
  endpoint: string | undefined,
  { job, spec, attempt }: Claim,
): Promise<JobTracing | undefined> {
  if (endpoint === undefined || spec.traceparent?.endsWith('1') !== true) return undefined;
  const { createExporter, createSampler, createTracer, parseTraceparent } = await import(
    '../core/trace/index.ts'
  );
  const exporter = createExporter({ endpoint, service: 'bellows-agent' });
  const tracer = createTracer(createSampler('parentbased_always_off'), exporter.send);
  const { repository, event, workflow } = spec;
  const whole = tracer.start('job', {
    parent: parseTraceparent(spec.traceparent),
    attributes: {
      'bellows.job': job,
      'bellows.repository': repository,
      'bellows.event': event,
      'bellows.workflow': workflow,
      'bellows.attempt': attempt,
    },
  });
  const steps = new Map<string, Span>();
  const parent = whole.context;

  return {
    trace: (reporter) => ({
      ...reporter,
      get missesWorkflows() {
        return reporter.missesWorkflows;
      },
      get refusal() {
        return reporter.refusal;
      },
      step: (fact) => {
        const { name, state, exitCode } = fact;
        if (state === 'running')
          steps.set(name, tracer.start(name === 'clone' ? 'clone' : `step ${name}`, { parent }));
        const span = steps.get(name);
        if (state !== 'running' && span !== undefined) {
          span.set({ 'bellows.state': state, 'bellows.exit_code': exitCode });
          if (state === 'failure') span.fail();
          span.end();
        }
        return reporter.step(fact);
      },
    }),
    toStepVariables: (step) => ({ TRACEPARENT: (steps.get(step) ?? whole).traceparent }),
    startComplete: () => tracer.start('complete', { parent, kind: 'client' }),
    end: async (outcome) => {
      for (const span of steps.values()) span.end();
      whole.set({ 'bellows.outcome': outcome });
      if (outcome !== 'success' && outcome !== 'skipped') whole.fail();
      whole.end();
      await exporter.flush(flushMs);
    },
  };
}
