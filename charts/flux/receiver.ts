import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import {
  Receiver,
  ReceiverSpecResourcesKind,
  ReceiverSpecType,
} from '../../imports/notification.toolkit.fluxcd.io.ts';
import { NetworkEdge } from '../constructs/network-edge.ts';
import { fluxReceiver, gitea, labelsOf, namespaces, selectorOf } from '../places.ts';
import type { Cluster } from '../platform.ts';
import { sourceName, sourcePath } from './flux.ts';

const { namespace } = fluxReceiver;

/**
 * Lets a push be applied at once: Flux fetches the repository when its forge says so. The path of the webhook is
 * `/hook/` and the sha256 of token, name and namespace of this Receiver, in hex.
 */
export class FluxReceiver extends Chart {
  constructor(scope: Construct, { domain, flux }: Cluster) {
    super(scope, 'receiver', { disableResourceNameHashes: true });
    const labels = labelsOf('bellows');
    new Receiver(this, 'receiver', {
      metadata: { name: fluxReceiver.receiver, namespace, labels },
      spec: {
        // Gitea signs as GitHub does, and names its events so.
        type: ReceiverSpecType.GITHUB,
        events: ['ping', 'push'],
        secretRef: { name: fluxReceiver.secret.name },
        // Gitea tells of every repository; a forge elsewhere of the one that was asked to.
        ...(flux.receiver === 'gitea'
          ? { resourceFilter: `req.repository.full_name == "${sourcePath}"` }
          : {}),
        resources: [
          {
            apiVersion: 'source.toolkit.fluxcd.io/v1',
            kind: ReceiverSpecResourcesKind.GIT_REPOSITORY,
            name: sourceName,
          },
        ],
      },
    });
    if (flux.receiver === 'gitea') {
      new NetworkEdge(this, 'gitea-to-flux', {
        from: { namespace: gitea.namespace, labels: selectorOf(gitea.name) },
        to: { namespace: namespaces.flux, labels: { app: 'notification-controller' }, ours: false },
        tcp: [9292],
      });
      return;
    }
    const host = `flux.${domain}`;
    const { name, port } = fluxReceiver;
    new k8s.KubeIngress(this, 'ingress', {
      metadata: {
        name,
        namespace,
        labels,
        annotations: { 'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure' },
      },
      spec: {
        ingressClassName: 'traefik',
        tls: [{ hosts: [host] }],
        rules: [
          {
            host,
            http: {
              paths: [
                {
                  path: '/hook/',
                  pathType: 'Prefix',
                  backend: { service: { name, port: { number: port } } },
                },
              ],
            },
          },
        ],
      },
    });
  }
}
