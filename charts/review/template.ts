import type { PodTemplate, Workload } from './objects.ts';

/** Where a kind keeps its pods' template; a Pod is its own. */
const places = {
  Deployment: 'spec.template',
  StatefulSet: 'spec.template',
  DaemonSet: 'spec.template',
  ReplicaSet: 'spec.template',
  Job: 'spec.template',
  CronJob: 'spec.jobTemplate.spec.template',
  ScaledJob: 'spec.jobTargetRef.template',
  Pod: '',
} as const satisfies Readonly<Record<string, string>>;

/** The kinds that make pods. */
export const workloadKinds = Object.keys(places) as readonly (keyof typeof places)[];

/** The template of the pods that an object makes, and where in it that stands; undefined where it makes none. */
export function templateOf(object: Workload): { template: PodTemplate; at: string } | undefined {
  const kind = workloadKinds.find((known) => known === object.kind);
  if (kind === undefined) return undefined;
  if (kind === 'Pod') return { template: object as unknown as PodTemplate, at: '' };
  const { jobTargetRef, jobTemplate, template } = object.spec ?? {};
  const found =
    kind === 'ScaledJob'
      ? jobTargetRef?.template
      : kind === 'CronJob'
        ? jobTemplate?.spec.template
        : template;
  return found === undefined ? undefined : { template: found, at: places[kind] };
}
