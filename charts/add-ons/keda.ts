import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { Brought, type BroughtPods } from '../constructs/brought.ts';
import { HelmChart } from '../constructs/helm-chart.ts';
import { helmPins } from '../pins.ts';
import { namespaces } from '../places.ts';

const name = 'keda';
const namespace = namespaces.keda;

/** KEDA itself, by its own Helm chart; it looks after the agents' namespace and sees no other. */
export class Keda extends Chart {
  constructor(scope: Construct) {
    super(scope, name, { disableResourceNameHashes: true });
    new Brought(this, 'operator', {
      by: "KEDA's Helm chart",
      groups: ['keda.sh', 'eventing.keda.sh'],
      pods: [
        { ...podsOf('keda-operator', 9666), dials: 'keda.sh' },
        podsOf('keda-operator-metrics-apiserver', 6443),
        podsOf('keda-admission-webhooks', 9443),
      ],
    });
    new HelmChart(this, 'chart', {
      name,
      namespace,
      pin: helmPins.keda,
      values: {
        watchNamespace: namespaces.agents,
        // A tag is pinned by the chart's version: nothing is gained by asking the registry at each start.
        image: { pullPolicy: 'IfNotPresent' },
        // Jobs are made one after the other, and a burst that outlasts a poll starts some of them twice.
        extraArgs: { keda: { 'kube-api-qps': 100, 'kube-api-burst': 200 } },
      },
    });
  }
}

/** The labels of its own Helm chart. */
function podsOf(program: string, port: number): BroughtPods {
  return { namespace, labels: { 'app.kubernetes.io/name': program }, ports: [port] };
}
