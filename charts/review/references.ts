import type {
  Autoscaler,
  ConfigMap,
  Ingress,
  KubeObject,
  Kustomization,
  RoleBinding,
  Scaled,
  Secret,
  TriggerAuthentication,
  VolumeClaim,
  Workload,
} from './objects.ts';
import { type Found, ofPods, type Reference } from './references-of-pods.ts';
import { type Item, toId, type World } from './world.ts';

/** What an id stands for: in which unit it comes to be, and which keys it has where that is known. */
export interface Target {
  /** undefined: there from the start. */
  readonly unit: string | undefined;
  readonly keys?: readonly string[];
}

const gathered = new WeakMap<World, readonly Reference[]>();

/** Every place in a cluster's objects that names another object. */
export function referencesOf(world: World): readonly Reference[] {
  const known = gathered.get(world);
  if (known !== undefined) return known;
  const made = [
    ...world.pods.flatMap((pods) => [...ofPods(pods)]),
    ...ofWorkloads(world),
    ...ofAccess(world),
    ...ofScaling(world),
    ...ofEntry(world),
    ...ofFlux(world),
  ].map((reference): Reference => ({ optional: false, ...reference }));
  gathered.set(world, made);
  return made;
}

/** What can be named: objects, what they make by themselves, and what others bring. */
export function targetsOf(world: World): ReadonlyMap<string, Target> {
  const targets = new Map<string, Target>();
  // Several may fill one Secret; whoever names it waits for the last of them, which the charts order.
  const add = (id: string, unit: string | undefined, keys: readonly string[]) =>
    targets.set(id, { unit, keys: [...(targets.get(id)?.keys ?? []), ...keys] });
  for (const { unit, what } of world.brought) {
    for (const { namespace, name, keys } of what.secrets ?? [])
      add(toId('Secret', namespace, name), unit, keys);
    for (const id of what.objects ?? []) targets.set(id, { unit });
    for (const name of what.namespaces ?? []) targets.set(`Namespace ${name}`, { unit });
  }
  // Of an object that is made twice, the first counts.
  for (const { id, object, rendered } of world.items.toReversed()) {
    const { keys } = keysOf(object);
    const brought = object.kind === 'Secret' ? targets.get(id) : undefined;
    if (keys !== undefined && brought !== undefined) add(id, brought.unit, keys);
    else targets.set(id, { unit: rendered.unit, ...(keys === undefined ? {} : { keys }) });
  }
  // Kubernetes makes both in every namespace.
  for (const id of [...targets.keys()]) {
    if (!id.startsWith('Namespace ')) continue;
    const { unit } = targets.get(id) ?? { unit: undefined };
    const namespace = id.slice('Namespace '.length);
    targets.set(toId('ServiceAccount', namespace, 'default'), { unit });
    targets.set(toId('ConfigMap', namespace, 'kube-root-ca.crt'), { unit, keys: ['ca.crt'] });
  }
  return targets;
}

function keysOf(object: KubeObject): { keys?: readonly string[] } {
  if (object.kind === 'ConfigMap') {
    const { data = {}, binaryData = {} } = object as ConfigMap;
    return { keys: [...Object.keys(data), ...Object.keys(binaryData)] };
  }
  if (object.kind === 'Secret') {
    const { data = {}, stringData = {} } = object as Secret;
    return { keys: [...Object.keys(data), ...Object.keys(stringData)] };
  }
  return {};
}

function* ofWorkloads(world: World): Generator<Found> {
  for (const item of world.ofKind<Workload>('StatefulSet')) {
    const { serviceName, volumeClaimTemplates = [] } = item.object.spec;
    if (serviceName !== undefined)
      yield { item, at: 'spec.serviceName', to: toId('Service', item.namespace, serviceName) };
    for (const [index, claim] of volumeClaimTemplates.entries())
      yield* ofClaim(item, `spec.volumeClaimTemplates[${index}].spec`, claim);
  }
  for (const item of world.ofKind<VolumeClaim>('PersistentVolumeClaim'))
    yield* ofClaim(item, 'spec', item.object);
}

function* ofClaim(item: Item, at: string, { spec: { storageClassName } }: VolumeClaim): Generator<Found> {
  if (storageClassName !== undefined && storageClassName !== '')
    yield { item, at: `${at}.storageClassName`, to: `StorageClass ${storageClassName}` };
}

function* ofAccess(world: World): Generator<Found> {
  for (const item of world.ofKind<RoleBinding>('RoleBinding', 'ClusterRoleBinding')) {
    const { roleRef, subjects = [] } = item.object;
    yield {
      item,
      at: 'roleRef',
      to:
        roleRef.kind === 'Role' ? toId('Role', item.namespace, roleRef.name) : `ClusterRole ${roleRef.name}`,
    };
    for (const [index, { kind, name, namespace }] of subjects.entries())
      if (kind === 'ServiceAccount')
        yield { item, at: `subjects[${index}]`, to: toId(kind, namespace ?? item.namespace, name) };
  }
}

function* ofScaling(world: World): Generator<Found> {
  for (const item of world.ofKind<Scaled>('ScaledJob', 'ScaledObject')) {
    const { triggers, scaleTargetRef } = item.object.spec;
    for (const [index, { authenticationRef }] of triggers.entries()) {
      if (authenticationRef === undefined) continue;
      const { name, kind = 'TriggerAuthentication' } = authenticationRef;
      yield {
        item,
        at: `spec.triggers[${index}].authenticationRef`,
        to: kind === 'TriggerAuthentication' ? toId(kind, item.namespace, name) : `${kind} ${name}`,
      };
    }
    if (scaleTargetRef !== undefined)
      yield {
        item,
        at: 'spec.scaleTargetRef',
        to: toId(scaleTargetRef.kind ?? 'Deployment', item.namespace, scaleTargetRef.name),
      };
  }
  for (const item of world.ofKind<TriggerAuthentication>('TriggerAuthentication'))
    for (const [index, { name, key }] of (item.object.spec.secretTargetRef ?? []).entries())
      yield {
        item,
        at: `spec.secretTargetRef[${index}]`,
        to: toId('Secret', item.namespace, name),
        keys: [key],
      };
  for (const item of world.ofKind<Autoscaler>('HorizontalPodAutoscaler')) {
    const { kind, name } = item.object.spec.scaleTargetRef;
    yield { item, at: 'spec.scaleTargetRef', to: toId(kind, item.namespace, name) };
  }
}

function* ofEntry(world: World): Generator<Found> {
  for (const item of world.ofKind<Ingress>('Ingress')) {
    const { ingressClassName, tls = [], rules = [], defaultBackend } = item.object.spec;
    if (ingressClassName !== undefined)
      yield { item, at: 'spec.ingressClassName', to: `IngressClass ${ingressClassName}` };
    for (const [index, { secretName }] of tls.entries())
      if (secretName !== undefined)
        yield { item, at: `spec.tls[${index}].secretName`, to: toId('Secret', item.namespace, secretName) };
    const backends = [
      ...(defaultBackend === undefined ? [] : [{ backend: defaultBackend, at: 'spec.defaultBackend' }]),
      ...rules.flatMap(({ http }, rule) =>
        (http?.paths ?? []).map(({ backend }, path) => ({
          backend,
          at: `spec.rules[${rule}].http.paths[${path}].backend`,
        })),
      ),
    ];
    for (const { backend, at } of backends)
      if (backend.service !== undefined)
        yield { item, at: `${at}.service`, to: toId('Service', item.namespace, backend.service.name) };
  }
}

interface Sourced extends KubeObject {
  readonly spec: {
    readonly secretRef?: { readonly name: string };
    readonly chart?: { readonly spec: { readonly sourceRef: SourceRef } };
    readonly chartRef?: SourceRef;
    readonly imageRepositoryRef?: { readonly name: string };
    readonly providerRef?: { readonly name: string };
    readonly eventSources?: readonly SourceRef[];
    readonly resources?: readonly SourceRef[];
  };
}
interface SourceRef {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

function* ofFlux(world: World): Generator<Found> {
  const to = ({ kind, name, namespace }: SourceRef, item: Item) =>
    toId(kind, namespace ?? item.namespace, name);
  for (const item of world.ofKind<Kustomization>('Kustomization')) {
    const { sourceRef, decryption } = item.object.spec;
    yield { item, at: 'spec.sourceRef', to: to(sourceRef, item) };
    if (decryption?.secretRef !== undefined)
      yield {
        item,
        at: 'spec.decryption.secretRef',
        to: toId('Secret', item.namespace, decryption.secretRef.name),
      };
  }
  for (const item of world.items as readonly Item<Sourced>[]) {
    if (!item.group.endsWith('.toolkit.fluxcd.io')) continue;
    const {
      secretRef,
      chart,
      chartRef,
      imageRepositoryRef,
      providerRef,
      eventSources = [],
      resources = [],
    } = item.object.spec;
    if (secretRef !== undefined)
      yield { item, at: 'spec.secretRef', to: toId('Secret', item.namespace, secretRef.name) };
    if (chart !== undefined)
      yield { item, at: 'spec.chart.spec.sourceRef', to: to(chart.spec.sourceRef, item) };
    if (chartRef !== undefined) yield { item, at: 'spec.chartRef', to: to(chartRef, item) };
    if (imageRepositoryRef !== undefined)
      yield {
        item,
        at: 'spec.imageRepositoryRef',
        to: toId('ImageRepository', item.namespace, imageRepositoryRef.name),
      };
    if (providerRef !== undefined)
      yield { item, at: 'spec.providerRef', to: toId('Provider', item.namespace, providerRef.name) };
    for (const [list, sources] of Object.entries({ eventSources, resources }))
      for (const [index, source] of sources.entries())
        if (source.name !== '*') yield { item, at: `spec.${list}[${index}]`, to: to(source, item) };
  }
}
