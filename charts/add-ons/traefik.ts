import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { stringify } from 'yaml';
import type { Cluster } from '../platform.ts';

/**
 * k3s brings Traefik; this is what it is told besides. `Local`: connections keep their address, so that the api's limits
 * count who asks, and not the node that passed it on.
 */
export class Traefik extends Chart {
  constructor(scope: Construct, { k3s }: Cluster) {
    super(scope, 'traefik', { disableResourceNameHashes: true });
    // One kind of one object: a class for it would be 1,700 lines of imports, and the schema is checked all the same.
    new ApiObject(this, 'config', {
      apiVersion: 'helm.cattle.io/v1',
      kind: 'HelmChartConfig',
      metadata: { name: 'traefik', namespace: 'kube-system' },
      spec: {
        valuesContent: stringify({
          deployment: { replicas: k3s.servers === 1 ? 1 : 2 },
          service: { spec: { externalTrafficPolicy: 'Local' } },
        }),
      },
    });
  }
}
