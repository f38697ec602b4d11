import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';
import { parse, stringify } from 'yaml';
import { alertRows, toRuleGroups } from '../../../charts/observability/alerts.ts';
import { panels, toDashboard } from '../../../charts/observability/dashboard.ts';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { checkPlatform } from '../../../charts/review/check.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';
import { root } from '../committed.ts';
import { alertCases, type Series } from './alert-series.ts';

const expressions = [
  ...alertRows.map(({ expr }) => expr),
  ...panels.flatMap(({ lines }) => Object.keys(lines)),
];

function build(monitoring: string) {
  const text = `clusters: {home: {redis: {exporter: true}, monitoring: {${monitoring}}, pools: {m: {arch: amd64, max: 1}}}}`;
  const [built] = buildPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  if (built === undefined) throw new Error('no cluster');
  const errors = checkPlatform([built]).filter(({ level }) => level === 'error');
  // biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
  const objects: any[] = built.objects.map(({ object }) => object);
  const find = (kind: string, name: string) =>
    objects.find((object) => object.kind === kind && object.metadata.name === name);
  return { errors, find };
}

/** Metrics of the page, which a test holds against what the api serves: name → kind and labels. */
const served = new Map(
  [
    ...readFileSync(join(root, 'docs/operations/metrics.md'), 'utf8').matchAll(
      /^\| `(bellows_\w+)(?:\{([^}]*)\})?` \| (\w+) \|/gm,
    ),
  ].map(([, name = '', labels = '', kind = '']) => [name, { kind, labels: labels.split(',') }]),
);

test.each(expressions)('%s parses, and is about metrics and labels that there are', (expr) => {
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ type, from, to }) => {
      const text = expr.slice(from, to);
      expect([type.isError, text]).toEqual([false, text]);
      if (type.name === 'Identifier' && text.startsWith('bellows_')) metrics.push(text);
      if (type.name === 'LabelName') labels.push(text);
    },
  });
  expect(metrics.length).toBeGreaterThan(0);
  const known = metrics.flatMap(labelsOf);
  for (const label of labels) expect(known).toContain(label);
});

/** Only what a histogram is made of has an ending, and `le`. */
function labelsOf(name: string): string[] {
  const [, base = name] = /^(.+)_(?:bucket|sum|count)$/.exec(name) ?? [];
  const metric = served.get(base);
  if (metric === undefined) throw new Error(`${name} is no metric of docs/operations/metrics.md`);
  expect(metric.kind === 'histogram').toBe(base !== name);
  return metric.kind === 'histogram' ? [...metric.labels, 'le'] : metric.labels;
}

test('an alert has one name, and says what it is about and what mends it', () => {
  expect(new Set(alertRows.map(({ name }) => name)).size).toBe(alertRows.length);
  for (const { name, says, mend, expr } of alertRows) {
    expect(name).toMatch(/^Bellows[A-Z][A-Za-z]+$/);
    expect(mend.length).toBeGreaterThan(20);
    for (const [, label] of says.matchAll(/\$labels\.(\w+)/g)) expect(expr).toContain(`by (${label})`);
  }
});

test('with the operator a PodMonitor names a port of the pods, and its labels are what selectors ask for', () => {
  const { errors, find } = build('by: operator, namespace: metrics, labels: {release: prometheus}');
  expect(errors).toEqual([]);
  const { metadata, spec } = find('PodMonitor', 'bellows-api');
  expect(metadata.labels).toMatchObject({ release: 'prometheus' });
  const [{ ports, env }] = find('Deployment', 'api').spec.template.spec.containers;
  expect(ports).toContainEqual({
    name: spec.podMetricsEndpoints[0].port,
    containerPort: 9464,
    protocol: 'TCP',
  });
  expect(env).toContainEqual({ name: 'BELLOWS_METRICS_LISTEN', value: '0.0.0.0:9464' });
  const [endpoint] = find('PodMonitor', 'bellows-redis').spec.podMetricsEndpoints;
  const beside = find('StatefulSet', 'redis').spec.template.spec.containers;
  expect(beside.flatMap(({ ports }: { ports: object[] }) => ports)).toContainEqual({
    name: endpoint.port,
    containerPort: 9121,
    protocol: 'TCP',
  });
  expect(find('PrometheusRule', 'bellows').spec.groups[0].rules.length).toBe(alertRows.length);
  const [{ from }] = find('NetworkPolicy', 'prometheus-to-api-in').spec.ingress;
  expect(from).toEqual([
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'metrics' } },
      podSelector: { matchLabels: {} },
    },
  ]);
});

test('without it the pods say where to look, and the rules are a file', () => {
  const { errors, find } = build('by: annotations');
  expect(errors).toEqual([]);
  expect(find('Deployment', 'api').spec.template.metadata.annotations).toEqual({
    'prometheus.io/scrape': 'true',
    'prometheus.io/port': '9464',
    'prometheus.io/path': '/metrics',
  });
  expect(find('StatefulSet', 'redis').spec.template.metadata.annotations).toMatchObject({
    'prometheus.io/port': '9121',
  });
  expect(parse(find('ConfigMap', 'bellows-alerts').data['bellows.rules.yaml'])).toEqual({
    groups: toRuleGroups(),
  });
  const dashboard = JSON.parse(find('ConfigMap', 'bellows-dashboard').data['bellows.json']);
  expect(dashboard).toEqual(JSON.parse(toDashboard()));
  expect(dashboard.panels.map(({ title }: { title: string }) => title)).toEqual(
    panels.map(({ title }) => title),
  );
});

/** Of each alert: figures for which it fires, with its words, and figures for which it does not. */
function toRuleTests(): object[] {
  return alertRows.flatMap(({ name, severity, says, mend }) => {
    const { fires, labels = {}, stays } = alertCases[name] ?? { fires: {}, stays: [] };
    const asked = (series: Series, alerts: object[]) => ({
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: [{ eval_time: '2h30m', alertname: name, exp_alerts: alerts }],
    });
    const summary = says.replace(/{{ \$labels\.(\w+) }}/g, (_, label: string) => Reflect.get(labels, label));
    const alert = {
      exp_labels: { severity, ...labels },
      exp_annotations: { summary, description: mend },
    };
    return [asked(fires, [alert]), ...stays.map((series) => asked(series, []))];
  });
}

test('each alert has figures that it is about, and figures that it is not about', () => {
  expect(Object.keys(alertCases)).toEqual(alertRows.map(({ name }) => name));
  for (const { stays } of Object.values(alertCases)) expect(stays.length).toBeGreaterThan(0);
});

test('by promtool, where it is installed, each alert fires for what it is about and for nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellows-rules-'));
  const tests = { rule_files: ['bellows.rules.yaml'], evaluation_interval: '2m', tests: toRuleTests() };
  writeFileSync(join(folder, 'bellows.rules.yaml'), stringify({ groups: toRuleGroups() }));
  writeFileSync(join(folder, 'tests.yaml'), stringify(tests));
  const promtool = (...args: string[]) => {
    const { error, status, stdout, stderr } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });
    if (error !== undefined) throw error;
    return { status, says: `${stdout}${stderr}` };
  };
  try {
    const checked = promtool('check', 'rules', '--lint-fatal', 'bellows.rules.yaml');
    expect(checked).toEqual({ status: 0, says: expect.stringContaining(`${alertRows.length} rules found`) });
    expect(promtool('test', 'rules', 'tests.yaml')).toEqual({
      status: 0,
      says: expect.stringContaining('SUCCESS'),
    });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
    process.stderr.write(
      'skipped: promtool is not installed; the alerts were parsed, and not tried by Prometheus\n',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);
