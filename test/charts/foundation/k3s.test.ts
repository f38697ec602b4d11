import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { toHostFiles } from '../../../charts/foundation/k3s.ts';
import { parsePlatform } from '../../../charts/platform-file.ts';

function filesOf(settings: string, gpu = ''): Record<string, Record<string, unknown>> {
  const text = `clusters: {home: {pools: {m: {arch: amd64, max: 1${gpu}}}${settings}}}`;
  const { home } = parsePlatform(text, 'platform.yaml').clusters;
  if (home === undefined) throw new Error('no cluster');
  return Object.fromEntries(
    [...toHostFiles('home', home)].map(([path, content]) => [
      path.replace('hosts/home/', ''),
      parse(content),
    ]),
  );
}

test('one server is alone; three keep a state together, and the further ones join the first', () => {
  const one = filesOf('');
  expect(Object.keys(one)).toEqual(['server.yaml', 'agent.yaml']);
  expect(one['server.yaml']).not.toHaveProperty('cluster-init');
  const three = filesOf(', k3s: {servers: 3}');
  expect(three['server.yaml']).toMatchObject({ 'cluster-init': true });
  expect(three['further-server.yaml']).toMatchObject({ server: 'https://k3s.home.arpa:6443' });
  expect(three['further-server.yaml']).not.toHaveProperty('cluster-init');
  expect(() => filesOf(', k3s: {servers: 2}')).toThrow('expected 1, or 3');
});

test('what the kubelet keeps for the machine is what the pools are not given', () => {
  const { 'kubelet-arg': args = [] } = filesOf('')['agent.yaml'] as { 'kubelet-arg'?: string[] };
  const kept = args
    .filter((arg) => /^(?:system|kube)-reserved=/.test(arg))
    .map((arg) => /cpu=(\d+)m,memory=(\d+)Mi/.exec(arg));
  expect(kept.reduce((sum, match) => sum + Number(match?.[1]), 0)).toBe(500);
  expect(kept.reduce((sum, match) => sum + Number(match?.[2]), 0)).toBe(1024);
});

test('no file of a machine holds the token that others join with', () => {
  for (const content of Object.values(filesOf(', k3s: {servers: 3}')))
    expect(content).not.toHaveProperty('token');
});

test("images of the cluster's own Gitea are pulled by its public name", () => {
  expect(filesOf(', registry: git.home.arpa/bellows')['registries.yaml']).toEqual({
    mirrors: { 'git.home.arpa': { endpoint: ['https://git.home.arpa'] } },
  });
  expect(filesOf(', registry: ghcr.io/bellows')).not.toHaveProperty('registries.yaml');
});

test('labels are of every machine, and machines with GPUs have one more', () => {
  const labels = ['bellows.dev/gpu=nvidia', 'room=cellar'];
  const files = filesOf(', k3s: {labels: {room: cellar}}', ', gpu: {}');
  expect(Object.keys(files)).toEqual(['server.yaml', 'agent.yaml', 'gpu-server.yaml', 'gpu-agent.yaml']);
  expect(files['agent.yaml']?.['node-label']).toEqual(['room=cellar']);
  expect(files['server.yaml']?.['node-label']).toEqual(['room=cellar']);
  expect(files['gpu-agent.yaml']).toEqual({ ...files['agent.yaml'], 'node-label': labels });
  expect(files['gpu-server.yaml']).toEqual({ ...files['server.yaml'], 'node-label': labels });
  expect(filesOf('')['agent.yaml']).not.toHaveProperty('node-label');
});

test('images are looked for where the platform file says, and in our own Gitea by its name', () => {
  const mirrors = 'mirrors: {docker.io: ["https://mirror.home.arpa"]}';
  expect(filesOf(`, registry: git.home.arpa/bellows, k3s: {${mirrors}}`)['registries.yaml']).toEqual({
    mirrors: {
      'git.home.arpa': { endpoint: ['https://git.home.arpa'] },
      'docker.io': { endpoint: ['https://mirror.home.arpa'] },
    },
  });
  expect(filesOf('')['registries.yaml']).toBeUndefined();
});
