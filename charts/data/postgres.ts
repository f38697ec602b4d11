import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { Stateful } from '../constructs/stateful.ts';
import { pins } from '../pins.ts';
import { databaseKey, labelsOf, postgres, secrets, selectorOf } from '../places.ts';
import type { Cluster } from '../platform.ts';

const { name, namespace, port } = postgres;
const passwordFile = `/run/secrets/postgres/${databaseKey}`;

/** Gitea's database, where many people work at once. One server with one volume; its password was made in the cluster. */
export class Postgres extends Chart {
  constructor(scope: Construct, { gitea, storageClass }: Cluster) {
    super(scope, name, { disableResourceNameHashes: true });
    new Stateful(this, {
      place: postgres,
      storage: gitea.postgres.storage,
      storageClass,
      pod: {
        image: pins.postgres,
        env: [
          { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
          { name: 'POSTGRES_DB', value: 'gitea' },
          { name: 'POSTGRES_INITDB_ARGS', value: '--data-checksums --auth-host=scram-sha-256' },
          { name: 'POSTGRES_PASSWORD_FILE', value: passwordFile },
          { name: 'POSTGRES_USER', value: 'gitea' },
        ],
        mounts: [
          { name: 'data', path: '/var/lib/postgresql/data', from: { claim: true } },
          {
            name: 'password',
            path: '/run/secrets/postgres',
            from: { secret: secrets.platform.name, keys: [databaseKey] },
          },
          { name: 'run', path: '/var/run/postgresql', from: { scratch: '1Mi' } },
          { name: 'tmp', path: '/tmp', from: { scratch: '64Mi' } },
        ],
        user: 999,
        cpu: { request: 0.1 },
        memory: gitea.postgres.memory,
        probes: {
          // After a crash it reads its log first.
          startupProbe: { ...alive, failureThreshold: 300 },
          readinessProbe: alive,
          livenessProbe: alive,
        },
        // SIGINT is "fast": who is connected is sent away, and everything is on disk.
        graceSeconds: 60,
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata: { name, namespace, labels: labelsOf(name) },
      spec: {
        selector: selectorOf(name),
        ports: [{ name, port, targetPort: k8s.IntOrString.fromNumber(port), protocol: 'TCP' }],
      },
    });
  }
}

const alive: k8s.Probe = {
  exec: { command: ['pg_isready', '-q', '-h', '127.0.0.1', '-U', 'gitea', '-d', 'gitea'] },
  periodSeconds: 5,
  timeoutSeconds: 3,
  failureThreshold: 6,
};
