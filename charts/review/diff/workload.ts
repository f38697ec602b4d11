import type { PodTemplate, Workload } from '../objects.ts';

/** The template of the pods that an object makes; undefined where it makes none. */
export function templateOf({ kind, spec }: Workload): PodTemplate | undefined {
  if (spec === undefined) return undefined;
  if (kind === 'ScaledJob') return spec.jobTargetRef?.template;
  if (kind === 'CronJob') return spec.jobTemplate?.spec.template;
  return workloads.has(kind) ? spec.template : undefined;
}

const workloads = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job']);
