import type { BroughtPods, BroughtProps } from '../constructs/brought.ts';
import type { Built, Rendered } from '../constructs/unit.ts';
import { given } from '../given.ts';
import { pins } from '../pins.ts';
import type {
  Autoscaler,
  Container,
  ContainerPort,
  KubeObject,
  LabelSelector,
  Labels,
  PodSpec,
  Workload,
} from './objects.ts';
import { toGroup } from './schema/kinds.ts';
import { templateOf, workloadKinds } from './template.ts';

/** An object of a cluster, with how it is called. */
export interface Item<T extends KubeObject = KubeObject> {
  readonly rendered: Rendered;
  readonly object: T;
  /** `Deployment ci/api`; `Namespace ci` for what has no namespace. */
  readonly id: string;
  readonly group: string;
  readonly namespace: string;
}

/** Pods that this object makes. */
export interface PodsOf {
  readonly item: Item<Workload>;
  readonly namespace: string;
  readonly labels: Labels;
  readonly spec: PodSpec;
  /** Where their labels stand: `spec.template.metadata.labels`. */
  readonly labelsAt: string;
  /** Where what they are stands: `spec.template.spec`. */
  readonly specAt: string;
  /** No more of them at a time. */
  readonly most: number;
}

/** Who may send or answer on the network: pods of ours, or pods that others brought. */
export interface End {
  readonly namespace: string;
  readonly labels: Labels;
  readonly ports: readonly { readonly port: number; readonly protocol: string; readonly name?: string }[];
  /** `api in ci` */
  readonly called: string;
  readonly pods?: PodsOf;
  readonly brought?: BroughtPods;
}

/** A cluster as rules see it: gathered once, only read. */
export interface World {
  readonly name: string;
  readonly items: readonly Item[];
  /** Images that may run: of charts/pins.ts, and of the platform's own pins. */
  readonly pins: ReadonlySet<string>;
  readonly machines: Built['machines'];
  /** Whether registries have been asked for digests: there is a pins.json. */
  readonly hasDigests: boolean;
  readonly pods: readonly PodsOf[];
  readonly ends: readonly End[];
  /** Namespaces that are made here, by name. */
  readonly ownNamespaces: ReadonlySet<string>;
  /** Everything that brings something, with the unit that does; undefined: it is there from the start. */
  readonly brought: readonly { readonly unit: string | undefined; readonly what: BroughtProps }[];
  ofKind<T extends KubeObject>(...kinds: readonly string[]): readonly Item<T>[];
  /** @param id `ConfigMap ci/redis` */
  find(id: string): Item | undefined;
}

/** Pods and what follows from them are looked for when they are asked for: until then, no object need have its shape. */
/** @param ownPins images that the platform's own units.ts names */
export function toWorld(
  { name, objects, brought, machines, digests }: Built,
  ownPins: readonly string[] = [],
): World {
  const items = objects.map(toItem);
  const byKind = Map.groupBy(items, ({ object }) => object.kind);
  const byId = new Map(items.toReversed().map((item) => [item.id, item]));
  const ofKind = <T extends KubeObject>(...kinds: readonly string[]) =>
    kinds.flatMap((kind) => byKind.get(kind) ?? []) as unknown as readonly Item<T>[];
  const all = [...given.map((what) => ({ unit: undefined, what })), ...brought];
  const scalerOf = ({ object, namespace }: Item) => {
    const scaler = ofKind<Autoscaler>('HorizontalPodAutoscaler').find(
      (one) =>
        one.namespace === namespace &&
        one.object.spec.scaleTargetRef.kind === object.kind &&
        one.object.spec.scaleTargetRef.name === object.metadata.name,
    );
    return scaler?.object.spec.maxReplicas;
  };
  let pods: readonly PodsOf[] | undefined;
  let ends: readonly End[] | undefined;
  return {
    name,
    items,
    machines,
    pins: new Set([...Object.values(pins), ...ownPins]),
    hasDigests: digests !== undefined,
    get pods() {
      pods ??= ofKind<Workload>(...workloadKinds).flatMap((item) => toPods(item, scalerOf(item)));
      return pods;
    },
    get ends() {
      ends ??= [...this.pods.map(toEnd), ...all.flatMap(({ what }) => (what.pods ?? []).map(toBroughtEnd))];
      return ends;
    },
    ownNamespaces: new Set(ofKind('Namespace').map(({ object }) => object.metadata.name)),
    brought: all,
    ofKind,
    find: (id) => byId.get(id),
  };
}

function toItem(rendered: Rendered): Item {
  const object = rendered.object as KubeObject;
  const { name, namespace = '' } = object.metadata;
  return {
    rendered,
    object,
    id: toId(object.kind, namespace, name),
    group: toGroup(object.apiVersion),
    namespace,
  };
}

export function toId(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

/** @param scaled how many a scaler may make of it */
function toPods(item: Item<Workload>, scaled: number | undefined): PodsOf[] {
  const found = templateOf(item.object);
  if (found === undefined) return [];
  const { template, at } = found;
  const inside = at === '' ? '' : `${at}.`;
  return [
    {
      item,
      namespace: item.namespace,
      labels: template.metadata?.labels ?? {},
      spec: template.spec,
      labelsAt: `${inside}metadata.labels`,
      specAt: `${inside}spec`,
      most: toMost(item.object, scaled),
    },
  ];
}

function toMost({ kind, spec }: Workload, scaled: number | undefined): number {
  if (kind === 'ScaledJob') return (spec.maxReplicaCount ?? 100) * (spec.jobTargetRef?.parallelism ?? 1);
  if (kind === 'Pod') return 1;
  if (kind === 'Job') return spec.parallelism ?? 1;
  if (kind === 'CronJob') return spec.jobTemplate?.spec.parallelism ?? 1;
  const replicas = scaled ?? spec.replicas ?? 1;
  return kind === 'Deployment' ? replicas + toSurge(spec.strategy, replicas) : replicas;
}

function toSurge(strategy: Workload['spec']['strategy'], replicas: number): number {
  if (strategy?.type === 'Recreate') return 0;
  const surge = strategy?.rollingUpdate?.maxSurge ?? '25%';
  return typeof surge === 'number' ? surge : Math.ceil((Number.parseFloat(surge) / 100) * replicas);
}

/** All containers of a pod, with where each stands. */
export function containersOf({ spec, specAt }: PodsOf): { container: Container; at: string }[] {
  return (['initContainers', 'containers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ container, at: `${specAt}.${list}[${index}]` })),
  );
}

function toEnd(pods: PodsOf): End {
  const ports = (pods.spec.containers.flatMap(({ ports = [] }) => ports) as readonly ContainerPort[]).map(
    ({ containerPort, protocol = 'TCP', name }) => ({
      port: containerPort,
      protocol,
      ...(name === undefined ? {} : { name }),
    }),
  );
  const { namespace, labels } = pods;
  return { namespace, labels, ports, called: `${pods.item.object.metadata.name} in ${namespace}`, pods };
}

function toBroughtEnd(brought: BroughtPods): End {
  const { namespace, labels, protocols = ['TCP'] } = brought;
  const ports = protocols.flatMap((protocol) => brought.ports.map((port) => ({ port, protocol })));
  return { namespace, labels, ports, called: `${Object.values(labels).join(' ')} in ${namespace}`, brought };
}

/** `app.kubernetes.io/name=redis` */
export function sayLabels(labels: Labels | LabelSelector): string {
  const pairs = 'matchLabels' in labels ? (labels.matchLabels as Labels) : (labels as Labels);
  return Object.entries(pairs ?? {})
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(',');
}
