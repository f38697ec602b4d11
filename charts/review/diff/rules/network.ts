import { BlockList, isIPv4 } from 'node:net';
import type { KubeObject, LabelSelector, NetworkPolicy, Peer, PolicyPort } from '../../objects.ts';
import { directionsOf, openingsOf, type PolicyOpening } from '../../policy.ts';
import { selects } from '../../selector.ts';
import { toCanonical } from '../fields.ts';
import type { DiffRule, Level, View } from '../rule.ts';
import { type Placed, podLabelsOf } from '../tree.ts';

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
        at: opening.ruleAt,
        message: `${sayPods(opening.selector)} may now ${opening.direction === 'Ingress' ? 'be reached from' : 'reach'} ${sayPeer(opening.peer)} on ${sayPort(opening.port)}`,
        mend: 'open exactly the peer and the port that is needed',
        level: levelOf(opening, view),
      };
    }
  },
};

interface Opening extends PolicyOpening {
  readonly policy: Placed;
  readonly namespace: string;
  readonly selector: LabelSelector;
}

function toOpenings(policy: Placed): Opening[] {
  const { object } = policy;
  if (!isPolicy(object)) return [];
  const shared = {
    policy,
    namespace: object.metadata.namespace ?? '',
    selector: object.spec.podSelector ?? {},
  };
  return openingsOf(object).map((opening) => ({ ...opening, ...shared }));
}

function isPolicy(object: KubeObject): object is NetworkPolicy {
  return object.kind === 'NetworkPolicy';
}

/** Workloads that some policy isolated, and that none does any more. */
function* lostIsolation({ before, after, changes }: View) {
  for (const workload of after) {
    const labels = podLabelsOf(workload);
    if (labels === undefined) continue;
    for (const direction of ['Ingress', 'Egress'] as const) {
      const isolates = ({ object }: Placed) =>
        isPolicy(object) &&
        object.metadata.namespace === workload.object.metadata.namespace &&
        directionsOf(object).includes(direction) &&
        selects(object.spec.podSelector, labels);
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
      const labels = podLabelsOf(placed);
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
