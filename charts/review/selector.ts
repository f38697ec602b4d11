import type { KubeObject, LabelSelector, Labels, NetworkPolicy, Service, Workload } from './objects.ts';

/** Whether labels have all that a selector asks for; an empty selector takes everything. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      return operator === 'In'
        ? value !== undefined && values.includes(value)
        : value === undefined || !values.includes(value);
    })
  );
}

/** Which pods of its namespace an object is about, and where it says so; undefined for what is about none. */
export function selectorOf(object: KubeObject): { selector: LabelSelector; at: string } | undefined {
  const found = toSelector(object);
  return (
    found && { selector: found, at: object.kind === 'NetworkPolicy' ? 'spec.podSelector' : 'spec.selector' }
  );
}

function toSelector(object: KubeObject): LabelSelector | undefined {
  switch (object.kind) {
    case 'Service': {
      const { selector } = (object as Service).spec;
      return selector && { matchLabels: selector };
    }
    case 'NetworkPolicy':
      return (object as NetworkPolicy).spec.podSelector ?? {};
    case 'PodDisruptionBudget':
      return (object as Workload).spec.selector;
    default:
      return undefined;
  }
}
