import { networkOf, type Opening } from '../network.ts';
import type { NetworkPolicy, PolicyPort } from '../objects.ts';
import { type Direction, directionsOf } from '../policy.ts';
import type { Broken, Rule } from '../rule.ts';
import { type End, sayLabels, type World } from '../world.ts';
import { portName } from './names.ts';

export const policyExplicit: Rule = {
  name: 'policy-explicit',
  says: 'Every NetworkPolicy says its direction, its protocols and its ports.',
  why: 'Without a direction it closes the whole namespace; without a port it opens all of them.',
  *check(world) {
    for (const item of world.ofKind<NetworkPolicy>('NetworkPolicy')) {
      const { policyTypes, ingress, egress } = item.object.spec;
      if (policyTypes === undefined)
        yield { item, at: 'spec.policyTypes', message: 'is missing', mend: 'say Ingress, Egress or both' };
      for (const [list, rules] of Object.entries({ ingress, egress })) {
        for (const [index, { ports = [] }] of (rules ?? []).entries()) {
          if (ports.length === 0)
            yield {
              item,
              at: `spec.${list}[${index}].ports`,
              message: 'is missing, which means all ports',
              mend: 'name them',
            };
          for (const [i, { port, protocol }] of ports.entries()) {
            const spot = { item, at: `spec.${list}[${index}].ports[${i}]` };
            if (!isPort(port))
              yield {
                ...spot,
                message: `has ${port === undefined ? 'no port' : `port ${port}`}`,
                mend: 'name a port from 1 to 65535, or one of the pod by its name',
              };
            if (protocol === undefined)
              yield { ...spot, message: 'has no protocol, which means TCP', mend: 'say TCP or UDP' };
          }
        }
      }
    }
  },
};

function isPort(port: number | string | undefined): boolean {
  return typeof port === 'number' ? port >= 1 && port <= 65_535 : port !== undefined && portName.test(port);
}

export const defaultDeny: Rule = {
  name: 'default-deny',
  says: 'A namespace of ours is closed in both directions, but for what a policy names.',
  why: 'A pod that no policy is about may reach, and be reached by, everything.',
  *check(world) {
    const policies = world.ofKind<NetworkPolicy>('NetworkPolicy');
    for (const item of world.ofKind('Namespace')) {
      const { name } = item.object.metadata;
      for (const direction of ['Ingress', 'Egress'] as const) {
        const closed = policies.some(
          ({ object, namespace }) =>
            namespace === name &&
            Object.keys(object.spec.podSelector ?? {}).length === 0 &&
            directionsOf(object).includes(direction),
        );
        if (!closed)
          yield {
            item,
            message: `is open for ${direction} of pods that no policy names`,
            mend: 'add a DefaultDeny of charts/constructs/network-edge.ts',
          };
      }
    }
  },
};

export const networkPeer: Rule = {
  name: 'network-peer',
  says: 'Both ends of every open way are pods that exist, on a port that they listen on.',
  why: 'The rule opens nothing, and what it was for is closed.',
  *check(world) {
    const network = networkOf(world);
    for (const item of world.ofKind<NetworkPolicy>('NetworkPolicy')) {
      const { podSelector = {} } = item.object.spec;
      if (Object.keys(podSelector).length > 0 && network.ownEnds(item).length === 0)
        yield {
          item,
          at: 'spec.podSelector',
          message: `asks for ${sayLabels(podSelector)}, and no pod in ${item.namespace} has that`,
          mend: 'use selectorOf of charts/places.ts',
        };
    }
    for (const { policy, direction, peer, port, peerAt, portAt } of network.openings) {
      const own = network.ownEnds(policy);
      const others = network.endsOf(peer, policy.namespace);
      if (peer !== undefined && peer.ipBlock === undefined && others.length === 0)
        yield {
          item: policy,
          at: peerAt,
          message: `asks for ${sayLabels(peer.podSelector ?? {}) || 'pods'} in ${sayLabels(peer.namespaceSelector ?? {}) || policy.namespace}, and there is no such pod`,
          mend: 'use a Place of charts/places.ts, or say with Brought who makes it',
        };
      const targets = direction === 'Ingress' ? own : peer?.ipBlock === undefined ? others : [];
      const deaf = targets.find((end) => !listens(end, port));
      // A policy for everybody in a namespace is about no port of each.
      if (
        deaf !== undefined &&
        peer !== undefined &&
        Object.keys(policy.object.spec.podSelector ?? {}).length + (direction === 'Egress' ? 1 : 0) > 0
      )
        yield {
          item: policy,
          at: portAt,
          message: `is ${sayPort(port)}, which ${deaf.called} does not listen on`,
          mend: `expected one of ${deaf.ports.map(sayPort).join(', ') || 'its ports, of which it names none'}`,
        };
    }
  },
};

function listens(end: End, port: PolicyPort | undefined): boolean {
  if (port?.port === undefined) return true;
  const { protocol = 'TCP', endPort } = port;
  return end.ports.some(
    (open) =>
      open.protocol === protocol &&
      (open.name === port.port ||
        open.port === port.port ||
        (typeof port.port === 'number' && open.port > port.port && open.port <= (endPort ?? 0))),
  );
}

function sayPort({ port, protocol = 'TCP' }: { port?: number | string; protocol?: string } = {}): string {
  return `${port ?? 'any'}/${protocol}`;
}

export const networkEdge: Rule = {
  name: 'network-edge',
  says: 'A way that one end opens, the other end opens too.',
  why: 'The packet leaves and is dropped, or is awaited and never sent.',
  *check(world) {
    const said = new Set<string>();
    for (const opening of networkOf(world).openings) {
      for (const broken of halfOpen(world, opening)) {
        const key = `${broken.item.id} ${broken.message}`;
        if (!said.has(key)) yield broken;
        said.add(key);
      }
    }
  },
};

function* halfOpen(world: World, { policy, direction, peer, port, peerAt }: Opening): Generator<Broken> {
  if (peer === undefined || peer.ipBlock !== undefined || typeof port?.port !== 'number') return;
  const network = networkOf(world);
  const { protocol = 'TCP' } = port;
  const back: Direction = direction === 'Ingress' ? 'Egress' : 'Ingress';
  for (const own of network.ownEnds(policy)) {
    for (const other of network.endsOf(peer, policy.namespace)) {
      // What others bring has rules of its own, but where the namespace is ours; nobody needs a way to itself.
      if (other === own || !world.ownNamespaces.has(other.namespace)) continue;
      if (network.allows(back, other, own, port.port, protocol)) continue;
      const way = `${port.port}/${protocol}`;
      yield {
        item: policy,
        at: peerAt,
        message:
          direction === 'Egress'
            ? `lets ${own.called} send to ${other.called} on ${way}, which does not let it in`
            : `lets ${own.called} hear ${other.called} on ${way}, which may not send there`,
        mend: 'make both ends with one NetworkEdge in charts/network/edges.ts',
      };
    }
  }
}
