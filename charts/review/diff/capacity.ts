import type { Cluster } from '../../platform.ts';
import type { Amounts, Autoscaler, PodSpec, Resources, Workload } from '../objects.ts';
import { toNumber } from '../schema/quantity.ts';
import { templateOf } from '../template.ts';
import type { Placed, Tree } from './tree.ts';

/** Cores, bytes, bytes. */
export interface Need {
  readonly cpu: number;
  readonly memory: number;
  readonly storage: number;
}

/** What a cluster's pods ask for when nothing happens, and when everything does; volumes are the same in both. */
export interface Capacity {
  readonly atRest: Need;
  readonly atMost: Need;
}

export interface CapacityChange {
  readonly cluster: string;
  readonly before: Capacity;
  readonly after: Capacity;
  /** What of the machines' price that is. Undefined where platform.yaml names no prices. */
  readonly monthly?: { readonly before: Money; readonly after: Money };
}

/** A month, in the money of platform.yaml. */
export interface Money {
  readonly atRest: number;
  readonly atMost: number;
}

/** Of a cluster; undefined: they are not known. */
export type MachinesOf = (cluster: string) => Cluster['machines'];

/** Only the clusters in which something differs. */
export function compareCapacity(
  before: Tree,
  after: Tree,
  machinesOf: MachinesOf = () => undefined,
): CapacityChange[] {
  const clusters = [...new Set([...before, ...after].map(({ cluster }) => cluster))].sort();
  return clusters
    .map((cluster) => {
      const of = (tree: Tree) => toCapacity(tree.filter((placed) => placed.cluster === cluster));
      const [was, is] = [of(before), of(after)];
      const machines = machinesOf(cluster);
      const [cost, costs] = [toMoney(was, machines), toMoney(is, machines)];
      return {
        cluster,
        before: was,
        after: is,
        ...(cost === undefined || costs === undefined ? {} : { monthly: { before: cost, after: costs } }),
      };
    })
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

/**
 * The share of what the machines cost that belongs to what is asked for: of their cores or their memory, whichever it
 * takes more of. More than they are costs more than they do.
 */
function toMoney(capacity: Capacity, machines: Cluster['machines']): Money | undefined {
  if (machines === undefined || machines.some(({ monthly }) => monthly === undefined)) return undefined;
  const total = (of: (machine: NonNullable<Cluster['machines']>[number]) => number) =>
    machines.reduce((sum, machine) => sum + machine.count * of(machine), 0);
  const [price, cpu, memory] = [
    total(({ monthly = 0 }) => monthly),
    total((machine) => machine.cpu),
    total((machine) => toNumber(machine.memory)),
  ];
  const of = (need: Need) => Math.round(price * Math.max(need.cpu / cpu, need.memory / memory) * 100) / 100;
  return { atRest: of(capacity.atRest), atMost: of(capacity.atMost) };
}

export function toCapacity(tree: Tree): Capacity {
  let [atRest, atMost] = [none, none];
  for (const placed of tree) {
    const object = placed.object as Workload;
    const found = templateOf(object);
    if (found !== undefined) {
      const one = needOf(found.template.spec);
      const [least, most] = countOf(placed, tree);
      const own = volumesOf(object);
      atRest = add(add(atRest, times(one, least)), own);
      atMost = add(add(atMost, times(one, most)), own);
    } else if (object.kind === 'PersistentVolumeClaim') {
      atRest = add(atRest, claim(object));
      atMost = add(atMost, claim(object));
    }
  }
  return { atRest, atMost };
}

const none: Need = { cpu: 0, memory: 0, storage: 0 };

/** How many of its pods there are, at least and at most. What ends by itself is nothing at rest. */
function countOf({ object }: Placed, tree: Tree): readonly [least: number, most: number] {
  const { kind, spec, metadata } = object as Workload & { spec: { minReplicaCount?: number } };
  if (kind === 'ScaledJob') return [spec.minReplicaCount ?? 0, spec.maxReplicaCount ?? 100];
  if (kind === 'Job' || kind === 'CronJob') return [0, 1];
  const scaler = tree.find(
    ({ object: other }) =>
      (other.kind === 'HorizontalPodAutoscaler' || other.kind === 'ScaledObject') &&
      other.metadata.namespace === metadata.namespace &&
      (other as Autoscaler).spec.scaleTargetRef.name === metadata.name,
  );
  const replicas = spec.replicas ?? 1;
  if (scaler === undefined) return [replicas, replicas];
  const { minReplicas, maxReplicas, minReplicaCount, maxReplicaCount } = (
    scaler.object as unknown as { spec: Readonly<Record<string, number | undefined>> }
  ).spec;
  return [
    minReplicas ?? minReplicaCount ?? (scaler.object.kind === 'ScaledObject' ? 0 : 1),
    maxReplicas ?? maxReplicaCount ?? 100,
  ];
}

/** As the scheduler counts: containers together, or the largest of those that only prepare. */
export function needOf({ containers, initContainers = [] }: PodSpec): Need {
  const together = containers.map(({ resources }) => toNeed(resources)).reduce(add, none);
  return initContainers
    .map(({ resources }) => toNeed(resources))
    .reduce(
      (sum, one) => ({
        cpu: Math.max(sum.cpu, one.cpu),
        memory: Math.max(sum.memory, one.memory),
        storage: Math.max(sum.storage, one.storage),
      }),
      together,
    );
}

function toNeed({ requests = {}, limits = {} }: Resources = {}): Need {
  const of = (name: string) => amount({ ...limits, ...requests }, name);
  return { cpu: of('cpu'), memory: of('memory'), storage: of('ephemeral-storage') };
}

function volumesOf({ spec }: Workload): Need {
  return times((spec.volumeClaimTemplates ?? []).map(claim).reduce(add, none), spec.replicas ?? 1);
}

function claim({ spec }: object & { spec: unknown }): Need {
  const { resources } = spec as { resources?: Resources };
  return { cpu: 0, memory: 0, storage: amount(resources?.requests ?? {}, 'storage') };
}

function amount(amounts: Amounts, name: string): number {
  const value = toNumber(amounts[name] ?? 0);
  return Number.isNaN(value) ? 0 : value;
}

const add = (a: Need, b: Need): Need => ({
  cpu: a.cpu + b.cpu,
  memory: a.memory + b.memory,
  storage: a.storage + b.storage,
});
const times = ({ cpu, memory, storage }: Need, n: number): Need => ({
  cpu: cpu * n,
  memory: memory * n,
  storage: storage * n,
});
