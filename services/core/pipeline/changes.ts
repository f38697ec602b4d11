import type { Plan } from './plan.ts';

/** What stands for the list of files while nobody knows yet whether it is wanted: itself, so that it is found. */
export const filesVariable = 'CI_PIPELINE_FILES';

/**
 * Whether files of a pipeline ask which files were changed: by a condition on `path`, or by the variable.
 *
 * @param plans read with the variable being its own name
 */
export function asksForChanges(plans: readonly Plan[]): boolean {
  const all = plans.flatMap((plan) => [plan, ...plan.services, ...plan.steps]);
  return (
    all.some(({ when }) => when.some(({ path }) => path !== undefined)) ||
    JSON.stringify(plans).includes(filesVariable)
  );
}
