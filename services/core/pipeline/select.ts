import { matchesGlob } from './glob.ts';
import type { Condition, Plan, PlannedStep, SecretUse, Status } from './plan.ts';

/** What `when` asks about. */
export interface Situation {
  event: string;
  /** A pull request's is its target. A tag has none. */
  branch: string;
  /** Paths of the files that the event changed. @default not known */
  changed?: readonly string[];
}

export interface Selection {
  steps: readonly PlannedStep[];
  /** Steps that are left out. */
  skipped: readonly PlannedStep[];
  /** Why nothing is to run, where that is so. */
  reason?: string;
}

/** The steps that run in a situation. */
export function selectSteps(plan: Plan, situation: Situation): Selection {
  const about = `${situation.event}${situation.event === 'tag' ? '' : ` on ${situation.branch}`}`;
  if (!isMet(plan.when, situation))
    return { steps: [], skipped: plan.steps, reason: `\`when\` of ${plan.source} leaves out ${about}` };
  const steps = plan.steps.filter((step) => isSelected(step, situation));
  const skipped = plan.steps.filter((step) => !steps.includes(step));
  if (steps.length > 0) return { steps, skipped };
  return { steps, skipped, reason: `no step of ${plan.source} is for ${about}` };
}

/** The secrets that the steps and services ask for that run in a situation. */
export function selectSecrets(plan: Plan, situation: Situation): SecretUse[] {
  const { steps, reason } = selectSteps(plan, situation);
  const services =
    reason === undefined ? plan.services.filter((service) => isSelected(service, situation)) : [];
  return [...services, ...steps].flatMap(({ secrets = [] }) => secrets);
}

/** Whether a step runs in a situation, if what came before it ended as it wants. */
export function isSelected(step: PlannedStep, situation: Situation): boolean {
  return isMet(step.when, situation);
}

/** What may have become of the steps before it, for a step to run: what those of its conditions say that hold. */
export function runsOnStatus({ when }: PlannedStep, situation: Situation): readonly Status[] {
  const met = when.filter((condition) => isTrue(condition, situation));
  const wanted = when.length === 0 ? ['success'] : met.flatMap(({ status = ['success'] }) => status);
  return (['success', 'failure'] as const).filter((one) => wanted.includes(one));
}

/** Of several conditions one is enough; none at all is always met. */
function isMet(when: readonly Condition[], situation: Situation): boolean {
  return when.length === 0 || when.some((condition) => isTrue(condition, situation));
}

function isTrue({ event, branch }: Condition, situation: Situation): boolean {
  if (event !== undefined && !event.includes(situation.event)) return false;
  if (branch === undefined || situation.event === 'tag') return true;
  const isIn = (globs: typeof branch.include) => globs.some((glob) => matchesGlob(glob, situation.branch));
  return !isIn(branch.exclude) && (branch.include.length === 0 || isIn(branch.include));
}
