import { isSelected, type Plan, type PlannedStep, type Situation } from '../pipeline/index.ts';

/** The steps of a plan by what has to end before each. */
export type StepGraph = ReadonlyMap<PlannedStep, readonly PlannedStep[]>;

export class GraphError extends Error {
  override name = 'GraphError';
}

/**
 * Without `depends_on` each step comes after all before it that are not detached. With it, for any step, only what
 * it says counts.
 *
 * @throws GraphError where a step needs one that is left out or not there, or needs itself
 */
export function toGraph({ steps }: Pick<Plan, 'steps'>, situation: Situation): StepGraph {
  const isGraph = steps.some(({ dependsOn }) => dependsOn !== undefined);
  const graph = new Map<PlannedStep, readonly PlannedStep[]>();
  for (const [i, step] of steps.entries())
    graph.set(step, isGraph ? toNeeds(step, steps, situation) : steps.slice(Math.max(0, i - 1), i));
  refuseCircles(graph);
  return graph;
}

function toNeeds(step: PlannedStep, steps: readonly PlannedStep[], situation: Situation): PlannedStep[] {
  const { name, dependsOn = [], optionalNeeds = [] } = step;
  if (!isSelected(step, situation)) return [];
  return dependsOn.flatMap((wanted) => {
    const need = steps.find((other) => other.name === wanted);
    if (need !== undefined && isSelected(need, situation)) return [need];
    if (optionalNeeds.includes(wanted)) return [];
    const why = need === undefined ? 'does not exist' : 'its `when` leaves out';
    throw new GraphError(`step ${JSON.stringify(name)} needs ${JSON.stringify(wanted)}, which ${why}`);
  });
}

/** Takes away what needs nothing more, again and again; what stays waits for itself. */
function refuseCircles(graph: StepGraph): void {
  const open = new Set(graph.keys());
  for (let before = -1; before !== open.size; ) {
    before = open.size;
    for (const step of open) if (!graph.get(step)?.some((need) => open.has(need))) open.delete(step);
  }
  const names = [...open].map(({ name }) => JSON.stringify(name)).join(', ');
  if (open.size > 0) throw new GraphError(`these steps need each other: ${names}`);
}
