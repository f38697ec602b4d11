import { EvaluateError, evaluate } from './evaluate/index.ts';
import { matchesGlob, parseGlob } from './glob.ts';
import { PipelineError, type Position } from './pipeline-error.ts';
import type { Condition, PathPatterns, Patterns, Plan, PlannedStep, Status } from './plan.ts';
import { toSecretPlaces } from './secret-use.ts';
import type { Variables } from './substitution.ts';

/** What `when` asks about. What is not given is empty: only patterns that match nothing at all match it. */
export interface Situation {
  event: string;
  /** A pull request's is its target. A tag has none. */
  branch: string;
  ref?: string;
  /** `owner/name`. */
  repository?: string;
  /** The host name of this platform. */
  instance?: string;
  /** `linux/arm64`. */
  platform?: string;
  /** The name of the schedule. */
  cron?: string;
  /** The whole message of the commit. */
  message?: string;
  /** Paths of the files that the event changed. @default not known: met as where nothing was changed */
  changed?: readonly string[];
  /** Of the plan's entry of its matrix. */
  axes?: Variables;
  /** What `evaluate` knows, beside the axes. */
  variables?: Variables;
  /** On somebody's own machine. */
  local?: boolean;
}

export interface Selection {
  steps: readonly PlannedStep[];
  /** Steps that are left out. */
  skipped: readonly PlannedStep[];
  /** Why nothing is to run, where that is so. */
  reason?: string;
}

/** What the variables of a job say of it. */
export function toSituation(
  variables: Variables,
  given: Pick<Situation, 'axes' | 'changed' | 'cron' | 'local'> = {},
): Situation {
  const { CI_PIPELINE_EVENT: event = 'push', CI_COMMIT_BRANCH: branch = '' } = variables;
  return {
    event,
    branch,
    ref: variables.CI_COMMIT_REF ?? '',
    repository: variables.CI_REPO ?? '',
    instance: variables.CI_SYSTEM_HOST ?? '',
    platform: variables.CI_SYSTEM_PLATFORM ?? '',
    message: variables.CI_COMMIT_MESSAGE ?? '',
    variables,
    ...given,
  };
}

/**
 * The steps that run in a situation, if what came before them ends as they want.
 *
 * @throws PipelineError where a condition has no answer.
 */
export function selectSteps(plan: Plan, given: Situation): Selection {
  const situation = { axes: plan.axes, ...given };
  const about = `${situation.event}${situation.event === 'tag' ? '' : ` on ${situation.branch}`}`;
  const isIn = (when: readonly Condition[]) => asError(plan, () => isMet(when, situation));
  if (!isIn(plan.when))
    return { steps: [], skipped: plan.steps, reason: `\`when\` of ${plan.source} leaves out ${about}` };
  for (const service of plan.services) isIn(service.when);
  const steps = plan.steps.filter(({ when }) => isIn(when));
  const skipped = plan.steps.filter((step) => !steps.includes(step));
  if (steps.length > 0) return { steps, skipped };
  return { steps, skipped, reason: `no step of ${plan.source} is for ${about}` };
}

function asError<T>(plan: Plan, answer: () => T): T {
  try {
    return answer();
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    throw new PipelineError(plan.source, error.position, `\`evaluate\`: ${error.message}`);
  }
}

/** A condition that has no answer; `selectSteps` says so first. */
class ConditionError extends EvaluateError {
  readonly position: { line: number; column: number };
  constructor(message: string, position: { line: number; column: number }) {
    super(message);
    this.position = position;
  }
}

/** The secrets that the steps and services ask for that run in a situation. */
export function selectSecrets(plan: Plan, given: Situation): { secret: string; position: Position }[] {
  const situation = { axes: plan.axes, ...given };
  const { steps, reason } = selectSteps(plan, situation);
  const services =
    reason === undefined ? plan.services.filter((service) => isSelected(service, situation)) : [];
  return [...services, ...steps].flatMap(toSecretPlaces);
}

/** Whether a step runs in a situation, if what came before it ended as it wants. */
export function isSelected({ when }: PlannedStep, situation: Situation): boolean {
  return isMet(when, situation);
}

/** What may have become of the steps before it, for a step to run: what those of its conditions say that hold. */
export function runsOnStatus({ when }: PlannedStep, situation: Situation): readonly Status[] {
  return toStatuses(when, situation, ['success']);
}

/** How the workflows that it needs may have ended, for a workflow to run. */
export function workflowRunsOn({ when, runsOn, axes }: Plan, situation: Situation): readonly Status[] {
  return toStatuses(when, { axes, ...situation }, runsOn);
}

/** Of conditions that hold, what they say of `status`; one that says nothing says what is usual. */
function toStatuses(
  when: readonly Condition[],
  situation: Situation,
  usual: readonly Status[],
): readonly Status[] {
  const met = when.filter((condition) => isTrue(condition, situation));
  const wanted = when.length === 0 ? usual : met.flatMap(({ status = usual }) => status);
  return (['success', 'failure'] as const).filter((one) => wanted.includes(one));
}

/** Of several conditions one is enough; none at all is always met. */
function isMet(when: readonly Condition[], situation: Situation): boolean {
  return when.length === 0 || when.some((condition) => isTrue(condition, situation));
}

function isTrue(condition: Condition, situation: Situation): boolean {
  const { event } = situation;
  const isPush = event === 'push' || event.startsWith('pull_request');
  return (
    (condition.event?.includes(event) ?? true) &&
    !(condition.local === false && situation.local === true) &&
    isLike(condition.platform, situation.platform) &&
    isLike(condition.repo, situation.repository) &&
    isLike(condition.ref, situation.ref) &&
    isLike(condition.instance, situation.instance) &&
    (event === 'tag' || isLike(condition.branch, situation.branch)) &&
    (event !== 'cron' || isLike(condition.cron, situation.cron)) &&
    (!isPush || isChanged(condition.path, situation)) &&
    isEntry(condition.matrix, situation.axes ?? {}) &&
    isAnswered(condition.evaluate, situation)
  );
}

const matches = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => matchesGlob(parseGlob(pattern), text));

function isLike(patterns: Patterns | undefined, text = ''): boolean {
  if (patterns === undefined) return true;
  const { include, exclude } = patterns;
  return !matches(exclude, text) && (include.length === 0 || matches(include, text));
}

function isChanged(patterns: PathPatterns | undefined, { changed = [], message = '' }: Situation): boolean {
  if (patterns === undefined) return true;
  const { include, exclude, ignoreMessage, onEmpty } = patterns;
  if (ignoreMessage !== undefined && message.toLowerCase().includes(ignoreMessage.toLowerCase())) return true;
  if (changed.length === 0) return onEmpty;
  if (exclude.length > 0 && changed.every((path) => matches(exclude, path))) return false;
  return include.length === 0 || changed.some((path) => matches(include, path));
}

function isEntry(given: Condition['matrix'], axes: Variables): boolean {
  if (given === undefined) return true;
  const isSame = ([name, pattern]: [string, string]) => matches([pattern], axes[name] ?? '');
  const excluded = Object.entries(given.exclude);
  return !(excluded.length > 0 && excluded.every(isSame)) && Object.entries(given.include).every(isSame);
}

function isAnswered(given: Condition['evaluate'], { variables, axes }: Situation): boolean {
  if (given === undefined) return true;
  try {
    return evaluate(given.expression, { ...variables, ...axes });
  } catch (error) {
    if (error instanceof EvaluateError) throw new ConditionError(error.message, given.position);
    throw error;
  }
}
