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
  gitea: {
    memory: '2Gi',
    organizations: ['acme'],
    ssh: true,
    database: 'postgres',
    mirrors: [{ from: 'https://github.com/acme/site', owner: 'acme', pool: 'm', everyMinutes: 30 }],
  },
  github: { app: 31415 },
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
  backup: { bucket: { url: 'https://s3.example.org/copies', credentials: 's3' } },
};

/** The other way of each feature that has two. */
export const otherwise: Readonly<Record<string, unknown>> = {
  gitea: { database: 'sqlite' },
  signIn: { issuer: 'https://id.example.org', clientId: 'bellows', roles: 'view=*' },
  archive: { volume: '5Gi', caches: '2Gi' },
  secrets: { from: 'external', store: 'vault', folder: 'home/bellows' },
  flux: { receiver: 'https', alerts: { to: 'matrix', channel: '!room:example.org' } },
  monitoring: { by: 'annotations', namespace: 'metrics' },
  tracing: { endpoint: 'http://collector.monitoring.svc:4318' },
  backup: { volume: '20Gi' },
};

/** What a cluster has in any case. */
export const plain = ['domain', 'machines', 'pools'];

/** A platform of one cluster with every feature but one, or with each the other way. */
export function everything(without?: string, on = features): Platform {
  const { [without ?? '']: _, ...rest } = on;
  const pools = {
    m: { arch: 'amd64', max: 2, quiet: [{ from: '22:00', to: '07:00', days: ['mon', 'fri'] }] },
    g: { arch: 'arm64', max: 1, gpu: { count: 1 }, cpu: 8, memory: '16Gi' },
  };
  return parsePlatform(
    stringify({ clusters: { home: { domain: 'home.arpa', pools, ...rest } } }),
    'platform.yaml',
  );
}
