import { alertRows } from '../../charts/observability/alerts.ts';

/** docs/operations/alerts.md: what Prometheus says, from the rows that its rules are made from. */
export function toAlertsPage(): string {
  return `${[
    '# Alerts',
    'With `monitoring` in `platform.yaml`, a Prometheus that is there reads the figures of the api ([metrics](metrics.md)), has these alerts, and Grafana a dashboard:',
    '```yaml\nclusters:\n  home:\n    monitoring: {by: operator, namespace: monitoring, labels: {release: prometheus}}\n```',
    '`by: operator` makes a PodMonitor and a PrometheusRule for the Prometheus operator; `labels` is what its selectors ask for. `by: annotations` writes `prometheus.io/scrape`, `port` and `path` on the pods, and the alerts into the ConfigMap `bellows-alerts` in `ci`, as a file of rules. The dashboard is the ConfigMap `bellows-dashboard`, with the label `grafana_dashboard` that Grafana’s sidecar looks for. The figures stand on a port of their own, which only the namespace of Prometheus reaches, and need no token there.',
    'What is to be looked at *now* has the label `severity: page`; the rest, `look`, can wait for the day.',
    ...alertRows.flatMap(({ name, expr, for: holds, severity, says, mend }) => [
      `## ${name}`,
      `${says.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, 'a $1')} ${mend}`,
      `\`${expr}\`${holds === '0m' ? '' : ` for ${holds}`}; \`${severity}\`.`,
    ]),
  ].join('\n\n')}\n`;
}
