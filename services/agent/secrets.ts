import { type JobSecrets, secretLimits } from '../core/job/index.ts';
import { PipelineError, type Plan, type Situation, selectSecrets } from '../core/pipeline/index.ts';

/**
 * Asks for the secrets of the steps that will run.
 *
 * @returns values by name
 * @throws PipelineError where one is not given; it says where the file asks for it
 */
export async function takeSecrets(
  plan: Plan,
  situation: Situation,
  ask: (names: string[]) => Promise<JobSecrets>,
): Promise<ReadonlyMap<string, string>> {
  const uses = selectSecrets(plan, situation);
  const names = [...new Set(uses.map(({ secret }) => secret))].slice(0, secretLimits.count);
  if (names.length === 0) return new Map();
  const { secrets, refused } = await ask(names);
  const values = new Map(Object.entries(secrets));
  for (const { secret, position } of uses)
    if (!values.has(secret))
      throw new PipelineError(
        plan.source,
        position,
        `the secret ${JSON.stringify(secret)} is not given to this job`,
        refused[secret],
      );
  return values;
}
