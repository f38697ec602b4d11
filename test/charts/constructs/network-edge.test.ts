import { expect, test } from '@jest/globals';
import { App, Chart } from 'cdk8s';
import { NetworkEdge, type NetworkEdgeProps } from '../../../charts/constructs/network-edge.ts';

const api = { namespace: 'ci', labels: { app: 'api' } };
const agent = { namespace: 'ci-agents', labels: { app: 'agent' } };
const world = { cidrs: [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }] };

function render(props: NetworkEdgeProps) {
  const chart = new Chart(new App(), 'edges');
  new NetworkEdge(chart, 'edge', props);
  return chart.toJson().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

test('between two of ours: out of the one, into the other', () => {
  expect(render({ from: agent, to: api, tcp: [7440] })).toEqual(['ci-agents/edge-out', 'ci/edge-in']);
});

test('to the world: only out; from a stranger: only in', () => {
  expect(render({ from: agent, to: world, tcp: [443] })).toEqual(['ci-agents/edge-out']);
  expect(render({ from: { ...agent, ours: false }, to: api, tcp: [7440] })).toEqual(['ci/edge-in']);
});

test('an edge without a port would open all of them, and is refused', () => {
  expect(() => render({ from: agent, to: api, tcp: [] })).toThrow('edge edge has no port');
});
