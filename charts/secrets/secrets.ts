import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { Brought } from '../constructs/brought.ts';
import { CarriedProgram } from '../constructs/carried-program.ts';
import { podTemplate } from '../constructs/pod.ts';
import { ReplacedJob } from '../constructs/replaced-job.ts';
import { SecretMaker } from '../constructs/secret-maker.ts';
import { SecretReference, sourceOf } from '../constructs/secret-reference.ts';
import { databaseKey, fluxReceiver, namespaces, secrets } from '../places.ts';
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
  return gitea.database === 'postgres' && gitea.postgres.server === undefined ? [databaseKey] : [];
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
    const folder = 'secrets/program';
    const program = new CarriedProgram(this, 'program', {
      name,
      namespace,
      modules: [
        `${folder}/main.ts`,
        `${folder}/age-identity.ts`,
        `${folder}/generate.ts`,
        `${folder}/kubernetes.ts`,
      ],
      plan: toPlan(cluster),
    });
    new SecretMaker(this, 'account', { name, namespace, secrets: made });
    for (const { namespace, name, random, derived } of made) {
      const by = 'the Job secrets';
      if (random.length > 0 && sourceOf(cluster, name) !== 'external')
        new SecretReference(this, name, cluster, { namespace, name, keys: random, by });
      new Brought(this, `${name}-derived`, { by, secrets: [{ namespace, name, keys: derived }] });
    }
    new ReplacedJob(this, 'job', {
      name,
      namespace,
      template: podTemplate({
        ...program.pod,
        name,
        user: 1000,
        cpu: { request: 0.1 },
        memory: '128Mi',
        serviceAccount: name,
        restartPolicy: 'Never',
      }),
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

function toPlan(cluster: Cluster): Plan {
  const { flux } = cluster;
  const further = toFurtherKeys(cluster);
  return {
    ...secrets,
    ...(flux.receiver === undefined ? {} : { receiver: fluxReceiver.secret }),
    ...toRules(cluster),
    ...(further.length === 0 ? {} : { further }),
  };
}
