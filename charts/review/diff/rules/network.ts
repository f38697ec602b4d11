import { BlockList, isIPv4 } from 'node:net';
import type { LabelSelector, NetworkPolicy, Peer, PolicyPort, Workload } from '../../objects.ts';
import { selects } from '../../selector.ts';
import { toCanonical } from '../fields.ts';
import type { DiffRule, Level, View } from '../rule.ts';
import type { Placed } from '../tree.ts';
import { templateOf } from '../workload.ts';

export const openedNetwork: DiffRule = {
  name: 'opened-network',
  level: 'block',
  says: 'Pods may be reached, or may reach, where they could not before.',
  why: 'A way that is open is found by whoever looks for it, and nothing reports that it is.',
  *check(view) {
    yield* lostIsolation(view);
    const before = view.before.flatMap(toOpenings);
    for (const opening of view.after.flatMap(toOpenings)) {
      if (before.some((known) => covers(known, opening))) continue;
      const change = view.changes.find(({ after }) => after?.key === opening.policy.key);
      if (change === undefined) continue;
      yield {
        change,
        at: opening.at,
        message: `${sayPods(opening.selector)} may now ${opening.direction === 'Ingress' ? 'be reached from' : 'reach'} ${sayPeer(opening.peer)} on ${sayPort(opening.port)}`,
        mend: 'open exactly the peer and the port that is needed',
        level: levelOf(opening, view),
      };
    }
  },
};

interface Opening {
  readonly policy: Placed;
  readonly namespace: string;
  readonly direction: 'Ingress' | 'Egress';
  readonly selector: LabelSelector;
  /** Undefined: everybody. */
  readonly peer: Peer | undefined;
  /** Undefined: every port. */
  readonly port: PolicyPort | undefined;
  readonly at: string;
}

function toOpenings(policy: Placed): Opening[] {
  if (policy.object.kind !== 'NetworkPolicy') return [];
  const { metadata, spec } = policy.object as NetworkPolicy;
  const types = typesOf(policy.object as NetworkPolicy);
  const shared = { policy, namespace: metadata.namespace ?? '', selector: spec.podSelector ?? {} };
  const rules = [
    ...(spec.ingress ?? []).map(({ from, ports }, i) => ({
      direction: 'Ingress' as const,
      peers: from,
      ports,
      at: `spec.ingress[${i}]`,
    })),
    ...(spec.egress ?? []).map(({ to, ports }, i) => ({
      direction: 'Egress' as const,
      peers: to,
      ports,
      at: `spec.egress[${i}]`,
    })),
  ].filter(({ direction }) => types.includes(direction));
  // An empty list of peers or ports means all of them, as none at all does.
  return rules.flatMap(({ direction, peers, ports, at }) =>
    (peers === undefined || peers.length === 0 ? [undefined] : peers).flatMap((peer) =>
      (ports === undefined || ports.length === 0 ? [undefined] : ports).map((port) => ({
        ...shared,
        direction,
        peer,
        port,
        at,
      })),
    ),
  );
}

function typesOf({ spec }: NetworkPolicy): readonly ('Ingress' | 'Egress')[] {
  return spec.policyTypes ?? ['Ingress', ...(spec.egress === undefined ? [] : (['Egress'] as const))];
}

/** Workloads that some policy isolated, and that none does any more. */
function* lostIsolation({ before, after, changes }: View) {
  for (const workload of after) {
    const labels = labelsOf(workload);
    if (labels === undefined) continue;
    for (const direction of ['Ingress', 'Egress'] as const) {
      const isolates = (policy: Placed) =>
        policy.object.kind === 'NetworkPolicy' &&
        policy.object.metadata.namespace === workload.object.metadata.namespace &&
        typesOf(policy.object as NetworkPolicy).includes(direction) &&
        selects((policy.object as NetworkPolicy).spec.podSelector, labels);
      if (after.some(isolates)) continue;
      const was = before.filter(isolates);
      const change = changes.find(({ before: old }) => was.some(({ key }) => key === old?.key));
      if (was.length > 0 && change !== undefined)
        yield {
          change,
          at: '',
          message: `${workload.id} is no longer isolated: ${direction === 'Ingress' ? 'everybody may reach it' : 'it may reach everything'}`,
          mend: 'keep a policy that denies by default for these pods',
        };
    }
  }
}

function covers(known: Opening, opening: Opening): boolean {
  return (
    known.namespace === opening.namespace &&
    known.direction === opening.direction &&
    coversSelector(known.selector, opening.selector) &&
    coversPeer(known.peer, opening.peer) &&
    coversPort(known.port, opening.port)
  );
}

const coversSelector = (known: LabelSelector, selector: LabelSelector) =>
  Object.keys(known).length === 0 || toCanonical(known) === toCanonical(selector);

function coversPeer(known: Peer | undefined, peer: Peer | undefined): boolean {
  if (known === undefined) return true;
  if (peer === undefined) return false;
  if (known.ipBlock !== undefined && peer.ipBlock !== undefined)
    return coversBlock(known.ipBlock, peer.ipBlock);
  return toCanonical(known) === toCanonical(peer);
}

type Block = NonNullable<Peer['ipBlock']>;

/** Whether all of a range lies in a known one, and nothing that was taken out of that is in it. */
function coversBlock(known: Block, block: Block): boolean {
  if (toCanonical(known) === toCanonical(block)) return true;
  const except = block.except ?? [];
  return (
    contains(known.cidr, block.cidr) &&
    (known.except ?? []).every(
      (hole) => except.some((own) => contains(own, hole)) || !overlaps(hole, block.cidr),
    )
  );
}

function contains(outer: string, inner: string): boolean {
  const [network = '', prefix = ''] = outer.split('/');
  const [address = '', length = ''] = inner.split('/');
  if (Number(length) < Number(prefix) || isIPv4(network) !== isIPv4(address)) return false;
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(address, family);
}

const overlaps = (a: string, b: string) => contains(a, b) || contains(b, a);

function coversPort(known: PolicyPort | undefined, port: PolicyPort | undefined): boolean {
  if (known === undefined) return true;
  if (port === undefined || (known.protocol ?? 'TCP') !== (port.protocol ?? 'TCP')) return false;
  if (known.port === undefined) return true;
  if (typeof known.port === 'string' || typeof port.port === 'string') return known.port === port.port;
  if (port.port === undefined) return false;
  return port.port >= known.port && (port.endPort ?? port.port) <= (known.endPort ?? known.port);
}

/** Between ends of which one is new, it is how the new one is connected: for a person to weigh. */
function levelOf({ namespace, selector, peer }: Opening, { before }: View): Level {
  const was = (space: string | undefined, wanted: LabelSelector) =>
    before.some((placed) => {
      const labels = labelsOf(placed);
      return (
        labels !== undefined &&
        (space === undefined || placed.object.metadata.namespace === space) &&
        selects(wanted, labels)
      );
    });
  if (!was(namespace, selector)) return 'look';
  if (peer?.podSelector === undefined) return 'block';
  const space =
    peer.namespaceSelector === undefined
      ? namespace
      : peer.namespaceSelector.matchLabels?.['kubernetes.io/metadata.name'];
  const isOurs = before.some(({ object }) => object.metadata.namespace === space);
  return isOurs && !was(space, peer.podSelector) ? 'look' : 'block';
}

function labelsOf({ object }: Placed) {
  const template = templateOf(object as Workload);
  return template === undefined ? undefined : (template.metadata?.labels ?? {});
}

function sayPods({ matchLabels = {}, matchExpressions }: LabelSelector): string {
  const pairs = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  if (matchExpressions !== undefined && matchExpressions.length > 0)
    pairs.push(toCanonical(matchExpressions));
  return pairs.length === 0 ? 'all pods' : `pods ${pairs.join(',')}`;
}

function sayPeer(peer: Peer | undefined): string {
  if (peer === undefined) return 'everybody';
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    return except.length === 0 ? cidr : `${cidr} but ${except.join(', ')}`;
  }
  const { namespaceSelector, podSelector } = peer;
  const space = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'];
  const where =
    namespaceSelector === undefined
      ? 'this namespace'
      : space === undefined
        ? `namespaces ${toCanonical(namespaceSelector)}`
        : `namespace ${space}`;
  return `${sayPods(podSelector ?? {})} of ${where}`;
}

function sayPort(port: PolicyPort | undefined): string {
  if (port?.port === undefined)
    return port === undefined ? 'every port' : `every ${port.protocol ?? 'TCP'} port`;
  return `${port.protocol ?? 'TCP'} ${port.port}${port.endPort === undefined ? '' : `-${port.endPort}`}`;
}
