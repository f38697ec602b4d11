import { expect, test } from '@jest/globals';
import { App } from 'cdk8s';
import { Edges } from '../../../charts/network/edges.ts';
import { platformSchema } from '../../../charts/platform.ts';
import { Pools } from '../../../charts/scaling/pools.ts';
import { Api } from '../../../charts/services/api.ts';
import { agentConfigSchema } from '../../../services/agent/config.ts';
import { apiConfigSchema } from '../../../services/api/config.ts';

function render(tracing?: object, pool: object = {}) {
  const { home } = platformSchema.parse({
    clusters: { home: { tracing, pools: { 'amd64-m': { arch: 'amd64', max: 1, ...pool } } } },
  }).clusters;
  if (home === undefined) throw new Error('no cluster');
  // biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
  const toJson = (chart: { toJson(): any[] }) => chart.toJson();
  const [api, pools, edges] = [Api, Pools, Edges].map((Chart) => toJson(new Chart(new App(), home)));
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const env = (pod: any) =>
    Object.fromEntries(
      pod.spec.containers[0].env
        .filter(({ name }: { name: string }) => name.startsWith('OTEL'))
        .map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
  return {
    api: env(api?.find(({ kind }) => kind === 'Deployment').spec.template),
    agent: env(pools?.find(({ kind }) => kind === 'ScaledJob').spec.jobTargetRef.template),
    edge: edges?.find(({ metadata }) => metadata.name === 'api-to-traces-out')?.spec.egress[0],
    edges: edges?.map(({ metadata }) => metadata.name).filter((name: string) => name.includes('traces')),
  };
}

test('without it nothing is said of traces', () => {
  expect(render()).toEqual({ api: {}, agent: {}, edges: [] });
});

test('a collector of the cluster is reached by the api alone: an agent runs code of strangers', () => {
  const endpoint = 'http://collector.monitoring.svc:4318';
  const { api, agent, edge, edges } = render({ endpoint });
  expect([api, agent, edges]).toEqual([{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, {}, ['api-to-traces-out']]);
  expect(edge).toEqual({
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
        podSelector: { matchLabels: {} },
      },
    ],
    ports: [{ port: 4318, protocol: 'TCP' }],
  });
});

test('one at a private address is reached there, and nowhere else', () => {
  const { agent, edge } = render({ endpoint: 'http://otel.lan:4318/in', addresses: ['192.168.1.10/32'] });
  expect(agent).toEqual({});
  expect(edge.to).toEqual([{ ipBlock: { cidr: '192.168.1.10/32' } }]);
});

test.each([
  ['https://otlp.example.org', {}, true, 443],
  ['https://otlp.example.org', { internet: false }, false, 443],
  ['https://otlp.example.org:4318', {}, false, 4318],
])('%s is told of by agents of pools %j: %p', (endpoint, pool, sends, port) => {
  const { agent, edge } = render({ endpoint, share: 0.25 }, pool);
  expect(agent).toEqual(sends ? { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } : {});
  expect(edge.ports).toEqual([{ port, protocol: 'TCP' }]);
});

test('what is rendered is what the programs read', () => {
  const { api, agent } = render({ endpoint: 'https://otlp.example.org/tenant', share: 0.25 });
  const { shape } = apiConfigSchema;
  expect(shape.OTEL_EXPORTER_OTLP_ENDPOINT.parse(api.OTEL_EXPORTER_OTLP_ENDPOINT)).toMatch(/tenant$/);
  expect(shape.OTEL_TRACES_SAMPLER.parse(api.OTEL_TRACES_SAMPLER)).toBe('parentbased_traceidratio');
  expect(shape.OTEL_TRACES_SAMPLER_ARG.parse(api.OTEL_TRACES_SAMPLER_ARG)).toBe(0.25);
  expect(
    agentConfigSchema.shape.OTEL_EXPORTER_OTLP_ENDPOINT.parse(agent.OTEL_EXPORTER_OTLP_ENDPOINT),
  ).toMatch(/tenant$/);
});

test.each(['otlp.example.org', 'https://key:secret@otlp.example.org', 'https://otlp.example.org/?x'])(
  'the endpoint %j is refused',
  (endpoint) => expect(() => render({ endpoint })).toThrow('expected an address'),
);
