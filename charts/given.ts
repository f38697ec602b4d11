import type { BroughtProps } from './constructs/brought.ts';
import { gpuRuntime, namespaces } from './places.ts';

/** What a cluster has before anything of ours is applied: k3s as charts/pins.ts names it, and Flux. */
export const given: readonly BroughtProps[] = [
  {
    by: 'k3s',
    groups: ['helm.cattle.io'],
    namespaces: ['default', 'kube-system', 'kube-public', 'kube-node-lease'],
    pods: [
      { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, ports: [53], protocols: ['UDP', 'TCP'] },
      {
        namespace: 'kube-system',
        labels: { 'app.kubernetes.io/name': 'traefik' },
        ports: [8000, 8443],
        dials: 'networking.k8s.io',
      },
    ],
    objects: [
      'IngressClass traefik',
      'StorageClass local-path',
      `RuntimeClass ${gpuRuntime}`,
      'PriorityClass system-cluster-critical',
      'PriorityClass system-node-critical',
      'ClusterRole admin',
      'ClusterRole cluster-admin',
      'ClusterRole edit',
      'ClusterRole view',
      'ClusterRole system:auth-delegator',
    ],
  },
  {
    by: 'flux bootstrap',
    groups: ['source', 'kustomize', 'helm', 'notification', 'image'].map(
      (name) => `${name}.toolkit.fluxcd.io`,
    ),
    namespaces: [namespaces.flux],
    pods: [
      {
        namespace: namespaces.flux,
        labels: { app: 'source-controller' },
        ports: [9090],
        dials: 'source.toolkit.fluxcd.io',
      },
      { namespace: namespaces.flux, labels: { app: 'notification-controller' }, ports: [9090, 9292] },
    ],
    objects: [`Service ${namespaces.flux}/webhook-receiver`],
  },
];
