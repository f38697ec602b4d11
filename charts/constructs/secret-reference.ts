import type { Construct } from 'constructs';
import {
  ExternalSecret,
  ExternalSecretSpecSecretStoreRefKind,
  ExternalSecretSpecTargetCreationPolicy,
} from '../../imports/external-secrets.io.ts';
import type { Cluster } from '../platform.ts';
import { Brought } from './brought.ts';
import { NamedSecret } from './named-secret.ts';

export type SecretSource = Cluster['secrets']['from'];

export interface SecretReferenceProps {
  readonly namespace: string;
  readonly name: string;
  readonly keys: readonly string[];
  /** Who makes it where nothing else is said. @default a person */
  readonly by?: string;
  /** Whether that one adds keys also to what comes from elsewhere. @default false */
  readonly completed?: boolean;
}

/**
 * A Secret that objects of a chart name, and that no manifest holds. Where it comes from is said by `secrets` in
 * platform.yaml: made in the cluster, fetched from a store, or sealed in a file beside `dist/`, which
 * `./bellows check` reads.
 */
export class SecretReference extends NamedSecret {
  constructor(
    scope: Construct,
    id: string,
    cluster: Cluster,
    { namespace, name, keys, by = 'a person', completed = false }: SecretReferenceProps,
  ) {
    super(scope, id, name);
    const source = sourceOf(cluster, name);
    if (source === 'cluster') new Brought(this, 'made', { by, secrets: [{ namespace, name, keys }] });
    if (source !== 'external') return;
    const { store = '', folder } = cluster.secrets;
    new Brought(this, 'fetched', { by: 'External Secrets', secrets: [{ namespace, name, keys }] });
    new ExternalSecret(this, 'external', {
      metadata: { name, namespace, labels: { 'app.kubernetes.io/part-of': 'bellows' } },
      spec: {
        refreshInterval: '1h',
        secretStoreRef: { kind: ExternalSecretSpecSecretStoreRefKind.CLUSTER_SECRET_STORE, name: store },
        target: {
          name,
          // An owner would take out again what another has added.
          creationPolicy: completed
            ? ExternalSecretSpecTargetCreationPolicy.CREATE_OR_MERGE
            : ExternalSecretSpecTargetCreationPolicy.OWNER,
        },
        data: keys.map((key) => ({
          secretKey: key,
          remoteRef: { key: `${folder}/${name}`, property: key },
        })),
      },
    });
  }
}

export function sourceOf({ secrets }: Cluster, name: string): SecretSource {
  return secrets.each[name] ?? secrets.from;
}

/** Whether any Secret of a cluster may come from there. */
export function takesFrom({ secrets }: Cluster, source: SecretSource): boolean {
  return secrets.from === source || Object.values(secrets.each).includes(source);
}
