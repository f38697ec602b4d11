import type { PodSpec } from './objects.ts';
import { containersOf, type Item, type PodsOf, toId } from './world.ts';

/** A place in an object where another is named. */
export interface Reference {
  readonly item: Item;
  readonly at: string;
  /** `Secret ci/bellows` */
  readonly to: string;
  /** Keys of a Secret or a ConfigMap that are asked for. */
  readonly keys?: readonly string[];
  readonly optional: boolean;
}

/** One that has to be there, where nothing else is said. */
export type Found = Omit<Reference, 'optional'> & { optional?: boolean };

/** What pods need before they start. */
export function* ofPods(pods: PodsOf): Generator<Found> {
  const { item, namespace, spec } = pods;
  const at = pods.specAt;
  const to = (kind: string, name: string) => toId(kind, namespace, name);
  if (spec.serviceAccountName !== undefined)
    yield { item, at: `${at}.serviceAccountName`, to: to('ServiceAccount', spec.serviceAccountName) };
  if (spec.priorityClassName !== undefined)
    yield { item, at: `${at}.priorityClassName`, to: `PriorityClass ${spec.priorityClassName}` };
  if (spec.runtimeClassName !== undefined)
    yield { item, at: `${at}.runtimeClassName`, to: `RuntimeClass ${spec.runtimeClassName}` };
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries())
    yield { item, at: `${at}.imagePullSecrets[${index}]`, to: to('Secret', name) };
  yield* ofVolumes(item, at, namespace, spec);
  for (const { container, at } of containersOf(pods)) {
    for (const [index, { secretRef, configMapRef }] of (container.envFrom ?? []).entries()) {
      if (secretRef !== undefined)
        yield {
          item,
          at: `${at}.envFrom[${index}].secretRef`,
          to: to('Secret', secretRef.name),
          ...isOptional(secretRef),
        };
      if (configMapRef !== undefined)
        yield {
          item,
          at: `${at}.envFrom[${index}].configMapRef`,
          to: to('ConfigMap', configMapRef.name),
          ...isOptional(configMapRef),
        };
    }
    for (const [index, { valueFrom }] of (container.env ?? []).entries()) {
      for (const [field, kind] of [
        ['secretKeyRef', 'Secret'],
        ['configMapKeyRef', 'ConfigMap'],
      ] as const) {
        const reference = valueFrom?.[field];
        if (reference !== undefined)
          yield {
            item,
            at: `${at}.env[${index}].valueFrom.${field}`,
            to: to(kind, reference.name),
            keys: [reference.key],
            ...isOptional(reference),
          };
      }
    }
  }
}

function* ofVolumes(item: Item, at: string, namespace: string, { volumes = [] }: PodSpec): Generator<Found> {
  const keys = (items: readonly { readonly key: string }[] | undefined) =>
    items === undefined ? {} : { keys: items.map(({ key }) => key) };
  for (const [index, { secret, configMap, persistentVolumeClaim, projected }] of volumes.entries()) {
    const here = `${at}.volumes[${index}]`;
    if (secret !== undefined)
      yield {
        item,
        at: `${here}.secret`,
        to: toId('Secret', namespace, secret.secretName),
        ...keys(secret.items),
        ...isOptional(secret),
      };
    if (configMap !== undefined)
      yield {
        item,
        at: `${here}.configMap`,
        to: toId('ConfigMap', namespace, configMap.name),
        ...keys(configMap.items),
        ...isOptional(configMap),
      };
    if (persistentVolumeClaim !== undefined)
      yield {
        item,
        at: `${here}.persistentVolumeClaim`,
        to: toId('PersistentVolumeClaim', namespace, persistentVolumeClaim.claimName),
      };
    for (const [i, source] of (projected?.sources ?? []).entries()) {
      for (const [field, kind] of [
        ['secret', 'Secret'],
        ['configMap', 'ConfigMap'],
      ] as const) {
        const one = source[field];
        if (one !== undefined)
          yield {
            item,
            at: `${here}.projected.sources[${i}].${field}`,
            to: toId(kind, namespace, one.name),
            ...keys(one.items),
            ...isOptional(one),
          };
      }
    }
  }
}

function isOptional({ optional = false }: { readonly optional?: boolean }): { optional: boolean } {
  return { optional };
}
