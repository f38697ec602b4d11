import { stringify } from 'yaml';
import type { Platform } from '../../charts/platform.ts';
import { parsePlatform } from '../../charts/platform-file.ts';

/** Every setting of a cluster that is a feature, on; each is off where its line is left out. */
export const features: Readonly<Record<string, unknown>> = {
  certificate: 'wildcard',
  registry: 'git.home.arpa/bellows',
  storageClass: 'local-path',
  timeZone: 'Europe/Berlin',
  nodes: ['192.168.7.0/24'],
  k3s: { servers: 3, labels: { room: 'cellar' }, mirrors: { 'docker.io': ['https://mirror.home.arpa'] } },
  gpu: { shares: 2 },
  redis: { memory: '1Gi', servers: 3, exporter: true },
  gitea: { memory: '2Gi', organizations: ['acme'] },
  api: { replicas: 2, most: 4 },
  signIn: { roles: 'view=*' },
  archive: { bucket: { url: 'https://s3.example.org/logs', credentials: 's3' } },
  secrets: {
    store: 'vault',
    recipients: [`age1${'q'.repeat(58)}`],
    each: { 'bellows-forges': 'external' },
  },
  flux: { receiver: 'gitea', alerts: { to: 'discord' } },
  monitoring: { by: 'operator' },
  tracing: { endpoint: 'https://otlp.example.org' },
};

/** What a cluster has in any case. */
export const plain = ['domain', 'machines', 'pools'];

/** A platform of one cluster with every feature but one. */
export function everything(without?: string): Platform {
  const { [without ?? '']: _, ...rest } = features;
  const pools = {
    m: { arch: 'amd64', max: 2 },
    g: { arch: 'arm64', max: 1, gpu: { count: 1 }, cpu: 8, memory: '16Gi' },
  };
  return parsePlatform(
    stringify({ clusters: { home: { domain: 'home.arpa', pools, ...rest } } }),
    'platform.yaml',
  );
}
