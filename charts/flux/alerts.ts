import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  Alert,
  AlertSpecEventSeverity,
  AlertSpecEventSourcesKind,
  Provider,
  type ProviderSpecType,
} from '../../imports/notification.toolkit.fluxcd.io.ts';
import { needsGpuPlugin } from '../add-ons/gpus.ts';
import { SecretReference } from '../constructs/secret-reference.ts';
import { labelsOf, namespaces } from '../places.ts';
import type { Cluster } from '../platform.ts';
import { alertKinds } from '../settings/flux.ts';

const namespace = namespaces.flux;
const secret = 'flux-alerts';

/** Tells people what Flux could not apply. */
export class FluxAlerts extends Chart {
  constructor(
    scope: Construct,
    cluster: Cluster,
    { to, channel, severity }: NonNullable<Cluster['flux']['alerts']>,
  ) {
    super(scope, 'alerts', { disableResourceNameHashes: true });
    const metadata = { name: 'alerts', namespace, labels: labelsOf('bellows') };
    // The address of a chat's webhook lets whoever has it write there.
    new SecretReference(this, 'secret', cluster, { namespace, name: secret, keys: alertKinds[to] });
    new Provider(this, 'provider', {
      metadata,
      spec: {
        type: to as ProviderSpecType,
        secretRef: { name: secret },
        ...(channel === undefined ? {} : { channel }),
      },
    });
    new Alert(this, 'alert', {
      metadata,
      spec: {
        providerRef: { name: metadata.name },
        eventSeverity: severity === 'info' ? AlertSpecEventSeverity.INFO : AlertSpecEventSeverity.ERROR,
        eventMetadata: { cluster: cluster.domain },
        eventSources: [
          { kind: AlertSpecEventSourcesKind.GIT_REPOSITORY, name: '*' },
          { kind: AlertSpecEventSourcesKind.KUSTOMIZATION, name: '*' },
          ...[namespaces.keda, ...(needsGpuPlugin(cluster) ? ['kube-system'] : [])].map((namespace) => ({
            kind: AlertSpecEventSourcesKind.HELM_RELEASE,
            name: '*',
            namespace,
          })),
        ],
      },
    });
  }
}
