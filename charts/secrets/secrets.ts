import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { Brought } from '../constructs/brought.ts';
import { podTemplate } from '../constructs/pod.ts';
import { SecretMaker } from '../constructs/secret-maker.ts';
import { SecretReference, sourceOf } from '../constructs/secret-reference.ts';
import { pins } from '../pins.ts';
import { databaseKey, fluxReceiver, labelsOf, namespaces, secrets } from '../places.ts';
import type { Cluster } from '../platform.ts';
import { generatedKeys, type Plan, type PlatformKey, toFurtherUsers } from './program/generate.ts';
import { toRules } from './redis-rules.ts';

const name = 'secrets';
const namespace = namespaces.ci;

/** What the Job makes of a Secret: of `random` what is not there, of `derived` what follows from that. */
interface Made {
  readonly namespace: string;
  readonly name: string;
  readonly random: readonly string[];
  readonly derived: readonly string[];
}

/** Of the platform's Secret, for what is not in every cluster. */
function toFurtherKeys({ gitea }: Cluster): PlatformKey[] {
  return gitea.database === 'postgres' ? [databaseKey] : [];
}

function madeOf(cluster: Cluster): Made[] {
  const { flux } = cluster;
  const rules = toRules(cluster);
  const further = [...toFurtherUsers(rules).map(({ key }) => key), ...toFurtherKeys(cluster)];
  const derived = rules.sentinelRules === undefined ? ['users.acl'] : ['users.acl', 'sentinel.acl'];
  return [
    { ...secrets.platform, random: [...generatedKeys, ...further], derived },
    { ...secrets.keda, random: ['username', 'password'], derived: [] },
    ...(flux.receiver === undefined ? [] : [{ ...fluxReceiver.secret, random: [], derived: ['token'] }]),
  ];
}

/**
 * A Job that makes the platform's secrets where they are used, so that no file and no person ever holds them.
 * What exists is kept, also where it came from a store or a sealed file; to renew a value, delete its key and this
 * Job, and Flux starts it anew.
 */
export class GeneratedSecrets extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, 'secrets', { disableResourceNameHashes: true });
    const made = madeOf(cluster);
    const program = toProgram(cluster);
    new k8s.KubeConfigMap(this, 'program', {
      metadata: { name: 'secrets-program', namespace, labels: labelsOf(name) },
      data: program,
    });

    new SecretMaker(this, 'account', { name, namespace, secrets: made });
    for (const { namespace, name, random, derived } of made) {
      const by = 'the Job secrets';
      if (random.length > 0 && sourceOf(cluster, name) !== 'external')
        new SecretReference(this, name, cluster, { namespace, name, keys: random, by });
      new Brought(this, `${name}-derived`, { by, secrets: [{ namespace, name, keys: derived }] });
    }
    new k8s.KubeJob(this, 'job', {
      metadata: {
        name,
        namespace,
        labels: labelsOf(name),
        // A Job cannot be changed; when this one differs, Flux deletes it and makes the new one.
        annotations: { 'kustomize.toolkit.fluxcd.io/force': 'enabled' },
      },
      spec: {
        backoffLimit: 10,
        activeDeadlineSeconds: 600,
        template: podTemplate({
          name,
          image: pins.node,
          command: ['node', '/program/main.ts'],
          env: [
            { name: 'NODE_EXTRA_CA_CERTS', value: '/run/kubernetes/ca.crt' },
            { name: 'TOKEN_FILE', value: '/run/kubernetes/token' },
          ],
          mounts: [
            { name: 'program', path: '/program', from: { config: 'secrets-program' } },
            { name: 'kubernetes', path: '/run/kubernetes', from: { kubernetes: true } },
          ],
          user: 1000,
          cpu: { request: 0.1 },
          memory: '128Mi',
          serviceAccount: name,
          restartPolicy: 'Never',
          restartOn: JSON.stringify(program),
        }),
      },
    });
  }
}

/** Those of them that a store holds: before the Job, which would make them otherwise. */
export class FetchedSecrets extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, 'fetched', { disableResourceNameHashes: true });
    for (const { namespace, name, random } of fetched(cluster))
      new SecretReference(this, name, cluster, { namespace, name, keys: random, completed: true });
  }
}

export function fetched(cluster: Cluster): readonly Made[] {
  return madeOf(cluster).filter(
    ({ name, random }) => random.length > 0 && sourceOf(cluster, name) === 'external',
  );
}

function toProgram(cluster: Cluster): Record<string, string> {
  const folder = join(import.meta.dirname, 'program');
  const files = ['main.ts', 'age-identity.ts', 'generate.ts', 'kubernetes.ts'];
  const { flux } = cluster;
  const further = toFurtherKeys(cluster);
  const receiver = flux.receiver === undefined ? {} : { receiver: fluxReceiver.secret };
  const plan: Plan = {
    ...secrets,
    ...receiver,
    ...toRules(cluster),
    ...(further.length === 0 ? {} : { further }),
  };
  return {
    ...Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')])),
    'plan.json': `${JSON.stringify(plan, null, 2)}\n`,
  };
}
