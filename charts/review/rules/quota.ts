import type { Amounts, KubeObject, ResourceQuota, Resources } from '../objects.ts';
import type { Rule } from '../rule.ts';
import { toNumber } from '../schema/quantity.ts';
import { join } from '../schema/say.ts';
import type { PodsOf, World } from '../world.ts';

export const quota: Rule = {
  name: 'quota',
  says: "A namespace's quota has room for all its pods at their most.",
  why: 'Jobs would wait for agents that the cluster refuses, and the queue would say that they are on their way.',
  *check(world) {
    for (const item of world.ofKind<ResourceQuota>('ResourceQuota')) {
      const inside = world.pods.filter(({ namespace }) => namespace === item.namespace);
      const assumed = assumedIn(world, item.namespace);
      for (const [resource, hard] of Object.entries(item.object.spec.hard ?? {})) {
        const silent = inside.find((pods) => Number.isNaN(amountOf(pods, resource, assumed)));
        if (silent !== undefined) {
          yield {
            item: silent.item,
            at: `${silent.specAt}.containers`,
            message: `does not say ${resource}, which the quota ${item.object.metadata.name} counts`,
            mend: 'say it for each container, or leave it out of the quota',
          };
          continue;
        }
        const most = inside.reduce((sum, pods) => sum + pods.most * amountOf(pods, resource, assumed), 0);
        // A sum of fractions is not exact.
        if (most > toNumber(hard) * (1 + 1e-9))
          yield {
            item,
            at: join('spec.hard', resource),
            message: `is ${hard}, and its pods need ${sayAmount(most, resource)} at their most: ${inside.map(sayPods).join(', ')}`,
            mend: 'raise it, or lower the pools',
          };
      }
    }
  },
};

/** What one pod counts; NaN where it does not say, 0 for what is not counted in pods. */
function amountOf({ spec }: PodsOf, resource: string, assumed: Assumed): number {
  if (resource === 'pods' || resource === 'count/pods') return 1;
  const [, side = 'requests', name = ''] =
    /^(?:(requests|limits)\.)?(cpu|memory|ephemeral-storage|[a-z0-9.-]+\/[a-zA-Z0-9._-]+)$/.exec(resource) ??
    [];
  if (name === '') return 0;
  const of = ({ requests = {}, limits = {} }: Resources = {}) => {
    // Who asks for no device has none.
    if (name.includes('/')) return toNumber(requests[name] ?? limits[name] ?? 0);
    const limit = limits[name] ?? assumed.default?.[name];
    const amount =
      side === 'limits' ? limit : (requests[name] ?? limits[name] ?? assumed.defaultRequest?.[name] ?? limit);
    return amount === undefined ? Number.NaN : toNumber(amount);
  };
  const together = spec.containers.reduce((sum, { resources }) => sum + of(resources), 0);
  // Containers that only prepare run one after the other, before the rest.
  return Math.max(together, ...(spec.initContainers ?? []).map(({ resources }) => of(resources)));
}

/** What a LimitRange gives to containers that do not say it. */
interface Assumed {
  readonly default?: Amounts;
  readonly defaultRequest?: Amounts;
}

interface LimitRange extends KubeObject {
  readonly spec: { readonly limits: readonly (Assumed & { readonly type: string })[] };
}

function assumedIn(world: World, namespace: string): Assumed {
  const ranges = world.ofKind<LimitRange>('LimitRange').filter((item) => item.namespace === namespace);
  return ranges.flatMap(({ object }) => object.spec.limits).find(({ type }) => type === 'Container') ?? {};
}

function sayAmount(amount: number, resource: string): string {
  return /memory|storage/.test(resource)
    ? `${Math.ceil(amount / 2 ** 20)}Mi`
    : String(Math.ceil(amount * 1000) / 1000);
}

function sayPods({ item, most }: PodsOf): string {
  return `${item.object.metadata.name} ${most}`;
}
