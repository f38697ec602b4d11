import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { stringify } from 'yaml';
import {
  PodMonitor,
  PrometheusRule,
  PrometheusRuleSpecGroupsRulesExpr,
} from '../../imports/monitoring.coreos.com.ts';
import { Brought } from '../constructs/brought.ts';
import { NetworkEdge } from '../constructs/network-edge.ts';
import { api, exporterPort, labelsOf, metricsPort, type Place, redis, selectorOf } from '../places.ts';
import type { Cluster } from '../platform.ts';
import { toRuleGroups } from './alerts.ts';
import { toDashboard } from './dashboard.ts';

const { namespace } = api;
const name = 'bellows';

/**
 * What a Prometheus that is there needs to know of Bellows, and its way to it: by objects of the Prometheus operator, or
 * by annotations on the pods (charts/services/api.ts) and its rules as a file.
 */
export class Monitoring extends Chart {
  constructor(
    scope: Construct,
    { redis: { exporter } }: Cluster,
    monitoring: NonNullable<Cluster['monitoring']>,
  ) {
    super(scope, 'monitoring', { disableResourceNameHashes: true });
    const { by, namespace: from, labels } = monitoring;
    const metadata = { name, namespace, labels: { ...labelsOf(name), ...labels } };
    const groups = toRuleGroups();

    new Brought(this, 'prometheus', {
      by: 'whoever runs Prometheus',
      namespaces: [from],
      pods: [{ namespace: from, labels: {}, ports: [] }],
    });
    for (const { place, port, portName } of toScraped(exporter)) {
      const here = { namespace: place.namespace, labels: selectorOf(place.name) };
      // Whatever its pods are called: they are all that may come in from there, and by this port only.
      new NetworkEdge(this, `prometheus-to-${place.name}`, {
        from: { namespace: from, labels: {}, ours: false },
        to: here,
        tcp: [port],
      });
      if (by === 'operator')
        new PodMonitor(this, place.name, {
          metadata: { ...metadata, name: `bellows-${place.name}` },
          spec: {
            selector: { matchLabels: here.labels },
            podMetricsEndpoints: [
              { port: portName, path: '/metrics', interval: '30s', scrapeTimeout: '10s' },
            ],
          },
        });
    }
    if (by === 'operator') {
      new PrometheusRule(this, 'alerts', {
        metadata,
        spec: {
          groups: groups.map(({ name, rules }) => ({
            name,
            rules: rules.map((rule) => ({
              ...rule,
              expr: PrometheusRuleSpecGroupsRulesExpr.fromString(rule.expr),
            })),
          })),
        },
      });
    } else
      new k8s.KubeConfigMap(this, 'alerts', {
        metadata: { ...metadata, name: 'bellows-alerts' },
        data: { 'bellows.rules.yaml': stringify({ groups }, { lineWidth: 0 }) },
      });
    new k8s.KubeConfigMap(this, 'dashboard', {
      metadata: {
        ...metadata,
        name: 'bellows-dashboard',
        labels: { ...metadata.labels, grafana_dashboard: '1' },
      },
      data: { 'bellows.json': toDashboard() },
    });
  }
}

function toScraped(exporter: boolean): { place: Place; port: number; portName: string }[] {
  return [
    { place: api, port: metricsPort, portName: 'metrics' },
    ...(exporter ? [{ place: redis, port: exporterPort, portName: 'exporter' }] : []),
  ];
}
