import type { Autoscaler, Scaled, Workload } from '../objects.ts';
import type { Rule } from '../rule.ts';
import { type Item, toId } from '../world.ts';

const prune = 'kustomize.toolkit.fluxcd.io/prune';

export const dataKept: Rule = {
  name: 'data-kept',
  says: 'What holds data is never pruned: StatefulSets, volumes, namespaces and definitions.',
  why: 'A file that is missing from a commit would delete the data.',
  *check(world) {
    for (const item of world.ofKind(
      'StatefulSet',
      'PersistentVolumeClaim',
      'Namespace',
      'CustomResourceDefinition',
    ))
      if (item.object.metadata.annotations?.[prune] !== 'disabled')
        yield {
          item,
          at: `metadata.annotations["${prune}"]`,
          message: 'is not "disabled"',
          mend: 'set it; whoever means to delete data says that to the cluster',
        };
  },
};

export const oneScaler: Rule = {
  name: 'one-scaler',
  says: 'How many replicas there are is said by one alone: the workload, or who scales it.',
  why: 'Flux sets the number back at each look, and the scaler sets it again.',
  *check(world) {
    const scaled = world.ofKind<Autoscaler & Scaled>('HorizontalPodAutoscaler', 'ScaledObject');
    for (const scaler of scaled) {
      const { kind = 'Deployment', name } = scaler.object.spec.scaleTargetRef;
      const item = world.find(toId(kind, scaler.namespace, name)) as Item<Workload> | undefined;
      if (item?.object.spec.replicas !== undefined)
        yield {
          item,
          at: 'spec.replicas',
          message: `is said here, and by ${scaler.id}`,
          mend: 'leave it out',
        };
    }
  },
};
