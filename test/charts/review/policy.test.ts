import { expect, test } from '@jest/globals';
import type { NetworkPolicy } from '../../../charts/review/objects.ts';
import { openingsOf } from '../../../charts/review/policy.ts';

const policy = (spec: NetworkPolicy['spec']): NetworkPolicy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'p', namespace: 'ci' },
  spec,
});
const port = { port: 443, protocol: 'TCP' };
const peer = { podSelector: { matchLabels: { app: 'a' } } };
const said = (spec: NetworkPolicy['spec']) =>
  openingsOf(policy(spec)).map(({ direction, peer, port, ruleAt }) => ({ direction, peer, port, ruleAt }));

test('each peer is open on each port', () => {
  expect(said({ egress: [{ to: [peer, {}], ports: [port] }], policyTypes: ['Egress'] })).toEqual([
    { direction: 'Egress', peer, port, ruleAt: 'spec.egress[0]' },
    { direction: 'Egress', peer: {}, port, ruleAt: 'spec.egress[0]' },
  ]);
});

test('an empty list of peers or ports is open to all of them, as none at all is', () => {
  const all = [{ direction: 'Ingress', peer: undefined, port: undefined, ruleAt: 'spec.ingress[0]' }];
  expect(said({ ingress: [{}] })).toEqual(all);
  expect(said({ ingress: [{ from: [], ports: [] }] })).toEqual(all);
});

test('a policy without rules, and rules of a direction that it is not of, open nothing', () => {
  expect(said({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })).toEqual([]);
  expect(said({ egress: [{}], policyTypes: ['Ingress'] })).toEqual([]);
});
