import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { HelmRelease, HelmReleaseSpecChartSpecSourceRefKind } from '../../imports/helm.toolkit.fluxcd.io.ts';
import { HelmRepository } from '../../imports/source.toolkit.fluxcd.io.ts';
import { Brought, type BroughtPods } from '../constructs/brought.ts';
import { helmPins } from '../pins.ts';
import { labelsOf, namespaces } from '../places.ts';

const name = 'keda';
const namespace = namespaces.keda;

/** KEDA itself, by its own Helm chart; it looks after the agents' namespace and sees no other. */
export class Keda extends Chart {
  constructor(scope: Construct) {
    super(scope, name, { disableResourceNameHashes: true });
    const { repository, chart, version } = helmPins.keda;
    const metadata = { name, namespace, labels: labelsOf(name) };
    new Brought(this, 'operator', {
      by: "KEDA's Helm chart",
      groups: ['keda.sh', 'eventing.keda.sh'],
      pods: [
        { ...podsOf('keda-operator', 9666), dials: 'keda.sh' },
        podsOf('keda-operator-metrics-apiserver', 6443),
        podsOf('keda-admission-webhooks', 9443),
      ],
    });
    new HelmRepository(this, 'repository', { metadata, spec: { url: repository, interval: '12h' } });
    new HelmRelease(this, 'release', {
      metadata,
      spec: {
        interval: '30m',
        chart: {
          spec: {
            chart,
            version,
            sourceRef: { kind: HelmReleaseSpecChartSpecSourceRefKind.HELM_REPOSITORY, name },
          },
        },
        install: { remediation: { retries: -1 } },
        upgrade: { remediation: { retries: 3 } },
        values: {
          watchNamespace: namespaces.agents,
          // A tag is pinned by the chart's version: nothing is gained by asking the registry at each start.
          image: { pullPolicy: 'IfNotPresent' },
          // Jobs are made one after the other, and a burst that outlasts a poll starts some of them twice.
          extraArgs: { keda: { 'kube-api-qps': 100, 'kube-api-burst': 200 } },
        },
      },
    });
  }
}

/** The labels of its own Helm chart. */
function podsOf(program: string, port: number): BroughtPods {
  return { namespace, labels: { 'app.kubernetes.io/name': program }, ports: [port] };
}
