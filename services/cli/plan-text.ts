import { toDisplay } from '../core/display/index.ts';
import { type Plan, printPlan, type Situation, selectSteps } from '../core/pipeline/index.ts';

/** A plan as a pipeline file, with what a situation makes of it said in comments above. */
export function toPlanText(plan: Plan, situation: Situation): string {
  const { skipped, steps, reason } = selectSteps(plan, situation);
  const origin = plan.detected ? `detected from ${plan.source}` : plan.source;
  const axes = Object.entries(plan.axes).map(([name, value]) => `${name}=${value}`);
  const entry = axes.length === 0 ? '' : ` (${axes.join(' ')})`;
  const left = reason === undefined ? skipped.map(({ name }) => `${toDisplay(name)} is left out`) : [];
  const comments = [
    `${toDisplay(origin + entry)}, for ${toDisplay(situation.event)} on ${toDisplay(situation.branch)}`,
    ...(reason === undefined ? [] : [`nothing runs: ${toDisplay(reason)}`]),
    ...left,
  ];
  return `${comments.map((line) => `# ${line}\n`).join('')}${printPlan(plan, { steps })}`;
}
