import type { NetworkPolicy, Peer, PolicyPort } from './objects.ts';
import { type Direction, directionsOf, openingsOf, type PolicyOpening } from './policy.ts';
import { selects } from './selector.ts';
import type { End, Item, World } from './world.ts';

/** A way that a policy of this world opens. */
export interface Opening extends PolicyOpening {
  readonly policy: Item<NetworkPolicy>;
}

/** Which way is open, as the enforcer of a cluster would decide it. */
export interface Network {
  readonly openings: readonly Opening[];
  /** Whether `end` may send to (Egress), or hear from (Ingress), the other on this port. */
  allows(direction: Direction, end: End, other: End, port: number, protocol: string): boolean;
  /** The ends that a peer means, seen from a policy's namespace; none for addresses. */
  endsOf(peer: Peer | undefined, namespace: string): readonly End[];
  /** The ends that a policy is about. */
  ownEnds(policy: Item<NetworkPolicy>): readonly End[];
}

const networks = new WeakMap<World, Network>();

export function networkOf(world: World): Network {
  const known = networks.get(world);
  if (known !== undefined) return known;
  const made = toNetwork(world);
  networks.set(world, made);
  return made;
}

function toNetwork(world: World): Network {
  const policies = world.ofKind<NetworkPolicy>('NetworkPolicy');
  const openings = policies.flatMap((policy) =>
    openingsOf(policy.object).map((opening): Opening => ({ ...opening, policy })),
  );
  const byNamespace = Map.groupBy(openings, ({ policy }) => policy.namespace);
  const directionsIn = Map.groupBy(policies, ({ namespace }) => namespace);
  const ownEnds = ({ object, namespace }: Item<NetworkPolicy>) =>
    world.ends.filter((end) => end.namespace === namespace && selects(object.spec.podSelector, end.labels));
  const allows: Network['allows'] = (direction, end, other, port, protocol) => {
    const about = (directionsIn.get(end.namespace) ?? []).filter(
      ({ object }) =>
        directionsOf(object).includes(direction) && selects(object.spec.podSelector, end.labels),
    );
    // A pod that no policy is about is open.
    if (about.length === 0) return true;
    return (byNamespace.get(end.namespace) ?? []).some(
      (opening) =>
        opening.direction === direction &&
        about.includes(opening.policy) &&
        isPort(opening.port, port, protocol, direction === 'Ingress' ? end : other) &&
        (opening.peer === undefined || isPeer(opening.peer, other, end.namespace)),
    );
  };
  const endsOf: Network['endsOf'] = (peer, namespace) =>
    peer === undefined ? world.ends : world.ends.filter((end) => isPeer(peer, end, namespace));
  return { openings, allows, endsOf, ownEnds };
}

function isPeer(peer: Peer, end: End, namespace: string): boolean {
  if (peer.ipBlock !== undefined) return false;
  // Every namespace has this label, and no other that these charts rely on.
  const labels = { 'kubernetes.io/metadata.name': end.namespace };
  const inNamespace =
    peer.namespaceSelector === undefined
      ? end.namespace === namespace
      : selects(peer.namespaceSelector, labels);
  return inNamespace && selects(peer.podSelector, end.labels);
}

function isPort(allowed: PolicyPort | undefined, port: number, protocol: string, target: End): boolean {
  if (allowed === undefined) return true;
  if ((allowed.protocol ?? 'TCP') !== protocol) return false;
  if (allowed.port === undefined) return true;
  if (typeof allowed.port === 'string')
    return target.ports.some((open) => open.name === allowed.port && open.port === port);
  return port >= allowed.port && port <= (allowed.endPort ?? allowed.port);
}
