import type { PolicyRule, Role, RoleBinding } from '../objects.ts';
import type { Rule } from '../rule.ts';

export const noWildcard: Rule = {
  name: 'no-wildcard',
  says: 'No Role names "*", nor gives what would make more of itself; nobody is bound to cluster-admin.',
  why: 'It would grow with every kind that comes into the cluster.',
  *check(world) {
    for (const item of world.ofKind<Role>('Role', 'ClusterRole')) {
      for (const [index, rule] of (item.object.rules ?? []).entries()) {
        for (const field of ['apiGroups', 'resources', 'verbs', 'nonResourceURLs'] as const)
          if (rule[field]?.some((word) => word.includes('*')) === true)
            yield {
              item,
              at: `rules[${index}].${field}`,
              message: 'is a wildcard',
              mend: 'name what is needed',
            };
        const rising = rule.verbs.filter((verb) => ['escalate', 'bind', 'impersonate'].includes(verb));
        if (rising.length > 0)
          yield {
            item,
            at: `rules[${index}].verbs`,
            message: `has ${rising.join(', ')}`,
            mend: 'leave that to whoever runs the cluster',
          };
      }
    }
    for (const item of world.ofKind<RoleBinding>('RoleBinding', 'ClusterRoleBinding')) {
      const { name } = item.object.roleRef;
      if (['cluster-admin', 'admin', 'edit'].includes(name))
        yield {
          item,
          at: 'roleRef.name',
          message: `is ${name}`,
          mend: 'bind a Role that names what is needed',
        };
    }
  },
};

export const secretsByName: Rule = {
  name: 'secrets-by-name',
  says: 'Whoever may read or change Secrets may do so by name only.',
  why: 'To list the Secrets of a namespace is to have all of them.',
  *check(world) {
    for (const item of world.ofKind<Role>('Role', 'ClusterRole'))
      for (const [index, rule] of (item.object.rules ?? []).entries())
        if (isOpen(rule))
          yield {
            item,
            at: `rules[${index}].resourceNames`,
            message: `is missing for ${rule.verbs.join(', ')} of secrets`,
            mend: 'name the Secrets',
          };
  },
};

/** To make one cannot be bound to a name: Kubernetes decides before it has the name. */
function isOpen({ resources = [], resourceNames = [], verbs }: PolicyRule): boolean {
  return (
    resources.some((resource) => resource === 'secrets') &&
    resourceNames.length === 0 &&
    verbs.some((verb) => verb !== 'create')
  );
}
