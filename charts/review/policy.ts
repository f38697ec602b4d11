import type { NetworkPolicy, Peer, PolicyPort } from './objects.ts';

export type Direction = 'Ingress' | 'Egress';

/** One way that a policy opens for its own pods. */
export interface PolicyOpening {
  readonly direction: Direction;
  /** Undefined: everybody. */
  readonly peer: Peer | undefined;
  /** Undefined: every port. */
  readonly port: PolicyPort | undefined;
  /** `spec.egress[0]` */
  readonly ruleAt: string;
  /** `spec.egress[0].to[1]`, `spec.egress[0].ports[0]` */
  readonly peerAt: string;
  readonly portAt: string;
}

/** What Kubernetes assumes where a policy does not say it. */
export function directionsOf({ spec }: NetworkPolicy): readonly Direction[] {
  return spec.policyTypes ?? ['Ingress', ...(spec.egress === undefined ? [] : (['Egress'] as const))];
}

/** Rules of a direction that is none of the policy's open nothing (networking.k8s.io/v1). */
export function openingsOf(policy: NetworkPolicy): PolicyOpening[] {
  const { ingress = [], egress = [] } = policy.spec;
  const rules = [
    ...ingress.map(({ from, ports }, i) => ({
      direction: 'Ingress' as const,
      peers: from,
      ports,
      list: 'from',
      i,
    })),
    ...egress.map(({ to, ports }, i) => ({ direction: 'Egress' as const, peers: to, ports, list: 'to', i })),
  ];
  const directions = directionsOf(policy);
  return rules
    .filter(({ direction }) => directions.includes(direction))
    .flatMap(({ direction, peers, ports, list, i }) => {
      const ruleAt = `spec.${direction.toLowerCase()}[${i}]`;
      return orAll(peers).flatMap((peer, p) =>
        orAll(ports).map((port, q) => ({
          direction,
          peer,
          port,
          ruleAt,
          peerAt: `${ruleAt}.${list}[${p}]`,
          portAt: `${ruleAt}.ports[${q}]`,
        })),
      );
    });
}

/** An empty list means all of them, as none at all does. */
function orAll<T>(list: readonly T[] | undefined): readonly (T | undefined)[] {
  return list === undefined || list.length === 0 ? [undefined] : list;
}
