import { BlockList, isIP, isIPv4 } from 'node:net';
import { given } from '../../given.ts';
import { api, gitea, namespaces, selectorOf } from '../../places.ts';
import { networkOf } from '../network.ts';
import type { Rule } from '../rule.ts';
import { selects } from '../selector.ts';
import type { End } from '../world.ts';

const dnsPods = given.flatMap(({ pods = [] }) => pods).find(({ ports }) => ports.includes(53));

export const dns: Rule = {
  name: 'dns',
  says: 'Every pod of ours may ask the cluster for the address of a name.',
  why: 'Whatever it is told to reach by name, it does not find.',
  *check(world) {
    const network = networkOf(world);
    const answers = world.ends.find(({ brought }) => brought !== undefined && brought === dnsPods);
    if (answers === undefined) return;
    for (const end of world.ends) {
      if (end.pods === undefined) continue;
      const closed = ['UDP', 'TCP'].filter(
        (protocol) => !network.allows('Egress', end, answers, 53, protocol),
      );
      if (closed.length === 0) continue;
      yield {
        item: end.pods.item,
        at: end.pods.specAt,
        message: `may not ask DNS by ${closed.join(' and ')}`,
        mend: `open 53/UDP and 53/TCP to kube-dns in ${end.namespace}, with a DefaultDeny of charts/constructs/network-edge.ts`,
      };
    }
  },
};

export const agentsApart: Rule = {
  name: 'agents-apart',
  says: 'Agents reach the api, Gitea, DNS and public addresses: no other pod, no private address, not each other; nobody reaches them.',
  why: "Code of strangers would reach Redis, the Kubernetes API, the cloud's metadata, or another job.",
  *check(world) {
    const network = networkOf(world);
    for (const { policy, direction, peer, peerAt } of network.openings) {
      if (policy.namespace !== namespaces.agents) continue;
      if (direction === 'Ingress') {
        const mend = 'leave it out: agents ask, and are never asked';
        yield { item: policy, at: peerAt, message: 'lets somebody reach agents', mend };
        continue;
      }
      const { cidr, except = [] } = peer?.ipBlock ?? {};
      const pods =
        cidr === undefined ? network.endsOf(peer, policy.namespace).filter((end) => !isOpen(end)) : [];
      const ranges =
        cidr === undefined
          ? []
          : privateRanges.filter(
              (range) => overlaps(cidr, range) && !except.some((one) => covers(one, range)),
            );
      const closed = [...new Set(pods.map(({ called }) => called)), ...ranges];
      if (closed.length > 0)
        yield {
          item: policy,
          at: peerAt,
          message: `lets agents reach ${closed.join(', ')}`,
          mend: 'narrow it: what a job needs of the platform, the api gives it',
        };
    }
  },
};

/** Where an agent may go inside the cluster. */
function isOpen(end: End): boolean {
  return (
    end.brought === dnsPods ||
    [api, gitea].some(
      ({ namespace, name }) =>
        end.namespace === namespace && selects({ matchLabels: selectorOf(name) }, end.labels),
    )
  );
}

/** Private, shared, loopback, and link-local with what clouds tell a machine of itself. */
const privateRanges = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
  'fe80::/10',
];

function overlaps(one: string, other: string): boolean {
  return contains(one, other) || contains(other, one);
}

function covers(outer: string, inner: string): boolean {
  return contains(outer, inner) && toBits(outer) <= toBits(inner);
}

/** Whether the first address of a range lies in another. */
function contains(range: string, other: string): boolean {
  const [address = '', first = ''] = [range, other].map((cidr) => cidr.split('/')[0]);
  // What is no range at all, the schema says.
  if (
    isIP(address) === 0 ||
    isIP(address) !== isIP(first) ||
    !(toBits(range) <= (isIPv4(address) ? 32 : 128))
  )
    return false;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, toBits(range), family);
  return list.check(first, family);
}

function toBits(cidr: string): number {
  return Number(cidr.split('/')[1]);
}
