import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { labelsOf } from '../places.ts';

export interface SecretMakerProps {
  /** Of the ServiceAccount, and of a Role and a RoleBinding in each namespace. */
  readonly name: string;
  readonly namespace: string;
  readonly secrets: readonly { readonly namespace: string; readonly name: string }[];
}

/**
 * An account that may make Secrets, and read and change those that it is here for. Making one cannot be bound to a name
 * in Kubernetes; reading and changing one can, and is.
 */
export class SecretMaker extends Construct {
  constructor(scope: Construct, id: string, { name, namespace, secrets }: SecretMakerProps) {
    super(scope, id);
    new k8s.KubeServiceAccount(this, 'account', {
      metadata: { name, namespace, labels: labelsOf(name) },
      automountServiceAccountToken: false,
    });
    for (const there of new Set(secrets.map((secret) => secret.namespace))) {
      const those = secrets.filter((secret) => secret.namespace === there);
      const metadata = { name, namespace: there, labels: labelsOf(name) };
      const secretsOnly = { apiGroups: [''], resources: ['secrets'] };
      new k8s.KubeRole(this, `role-${there}`, {
        metadata,
        rules: [
          { ...secretsOnly, verbs: ['create'] },
          { ...secretsOnly, verbs: ['get', 'patch'], resourceNames: those.map((secret) => secret.name) },
        ],
      });
      new k8s.KubeRoleBinding(this, `binding-${there}`, {
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name, namespace }],
      });
    }
  }
}
