import { toDisplay, toMeasuredFacts, toStepMeasures } from '../../core/display/index.ts';
import {
  isFinal,
  type Job,
  type JobResult,
  type Step,
  toTitle,
  toWorkflowTitle,
} from '../../core/job/index.ts';

/** A job as its page shows it: everything that somebody else chose is safe to show as text. */
export interface JobView {
  state: string;
  final: boolean;
  /** Of the window: the state first, so that a row of tabs can be read. */
  title: string;
  subject: string;
  /** Repository, branch, commit, author. */
  about: readonly string[];
  reason: string;
  /** Milliseconds since 1970; the browser counts on while it runs. */
  startedAt?: number;
  finishedAt?: number;
  steps: readonly (Step & { measures: string })[];
  /** Beside the steps: `tests: 118 passed, 1 failed`. */
  measured: readonly string[];
}

export function toJobView(job: Job, result: JobResult = {}): JobView {
  const { spec } = job;
  const workflow = toWorkflowTitle(job);
  const measures = new Map(result.steps?.map((step) => [step.name, toStepMeasures(step)]));
  const state = job.cancelling ? 'cancelling' : job.state;
  const name = spec.repository.split('/').slice(1).join('/');
  return {
    state,
    final: isFinal(job.state),
    title: toDisplay(`${state}: ${name} ${spec.branch}`),
    subject: toDisplay(toTitle(spec)),
    about: [
      name,
      spec.pullRequest === undefined ? spec.branch : `#${spec.pullRequest.number} ${spec.pullRequest.head}`,
      spec.sha.slice(0, 10),
      ...(workflow === undefined ? [] : [workflow]),
      ...(spec.author === '' ? [] : [spec.author]),
      ...(job.attempt > 1 ? [`attempt ${job.attempt}`] : []),
    ].map(toDisplay),
    reason: toDisplay(job.reason ?? ''),
    ...(job.startedAt === undefined ? {} : { startedAt: job.startedAt }),
    ...(job.finishedAt === undefined ? {} : { finishedAt: job.finishedAt }),
    steps: job.steps.map((step) => ({
      ...step,
      name: toDisplay(step.name),
      measures: measures.get(step.name) ?? '',
    })),
    measured: toMeasuredFacts(result).map(([name, value]) => `${name}: ${value}`),
  };
}
