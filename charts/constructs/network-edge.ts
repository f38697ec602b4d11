import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';

/** Pods by their labels, in one namespace. `ours: false`: their own side of an edge is none of our business. */
export interface Pods {
  readonly namespace: string;
  readonly labels: Record<string, string>;
  /** @default true */
  readonly ours?: boolean;
}

/** Addresses outside of the pods' network. */
export interface Addresses {
  readonly cidrs: readonly { readonly cidr: string; readonly except?: readonly string[] }[];
}

export interface NetworkEdgeProps {
  readonly from: Pods | Addresses;
  readonly to: Pods | Addresses;
  readonly tcp: readonly number[];
}

/**
 * One permitted way through the network, from who asks to who answers: `<name>-out` where it leaves a namespace
 * of ours, `<name>-in` where it enters one. Names and ports are for the connection; answers need no rule.
 */
export class NetworkEdge extends Construct {
  constructor(scope: Construct, name: string, { from, to, tcp }: NetworkEdgeProps) {
    super(scope, name);
    const ports = tcp.map((port) => ({ protocol: 'TCP', port: k8s.IntOrString.fromNumber(port) }));
    if (ports.length === 0) throw new RangeError(`edge ${name} has no port; expected at least one`);
    if (isOurs(from)) {
      new k8s.KubeNetworkPolicy(this, 'out', {
        metadata: { name: `${name}-out`, namespace: from.namespace },
        spec: {
          podSelector: { matchLabels: from.labels },
          policyTypes: ['Egress'],
          egress: [{ to: toPeers(to), ports }],
        },
      });
    }
    if (isOurs(to)) {
      new k8s.KubeNetworkPolicy(this, 'in', {
        metadata: { name: `${name}-in`, namespace: to.namespace },
        spec: {
          podSelector: { matchLabels: to.labels },
          policyTypes: ['Ingress'],
          ingress: [{ from: toPeers(from), ports }],
        },
      });
    }
  }
}

/** Nothing comes in or goes out of a namespace, but questions to the cluster's DNS. */
export class DefaultDeny extends Construct {
  constructor(scope: Construct, namespace: string) {
    super(scope, `default-deny-${namespace}`);
    new k8s.KubeNetworkPolicy(this, 'deny', {
      metadata: { name: 'default-deny', namespace },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    new k8s.KubeNetworkPolicy(this, 'dns', {
      metadata: { name: 'dns', namespace },
      spec: {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [
          {
            to: toPeers({ namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }),
            // k8s-app=kube-dns answers on both; an answer that does not fit into a datagram comes by TCP.
            ports: ['UDP', 'TCP'].map((protocol) => ({ protocol, port: k8s.IntOrString.fromNumber(53) })),
          },
        ],
      },
    });
  }
}

function isOurs(end: Pods | Addresses): end is Pods {
  return 'namespace' in end && end.ours !== false;
}

function toPeers(end: Pods | Addresses): k8s.NetworkPolicyPeer[] {
  if ('cidrs' in end) {
    return end.cidrs.map(({ cidr, except }) => ({
      ipBlock: { cidr, ...(except === undefined ? {} : { except: [...except] }) },
    }));
  }
  const namespaceSelector = { matchLabels: { 'kubernetes.io/metadata.name': end.namespace } };
  return [{ namespaceSelector, podSelector: { matchLabels: end.labels } }];
}
