import type { PolicyRule, Role, RoleBinding } from '../../objects.ts';
import type { Change } from '../changes.ts';
import type { DiffRule, View } from '../rule.ts';
import type { Tree } from '../tree.ts';

export const widenedAccess: DiffRule = {
  name: 'widened-access',
  level: 'block',
  says: 'Somebody may do more with the Kubernetes API than before.',
  why: 'Whoever takes over that pod, or signs in as that person, may do it too.',
  *check(view) {
    const before = toGrants(view.before);
    for (const [key, now] of toGrants(view.after)) {
      const known = before.get(key)?.may ?? [];
      const more = now.may.filter((grant) => !known.some((other) => covers(other, grant)));
      const change = more.length === 0 ? undefined : changeBehind(view, now.sources);
      if (change === undefined) continue;
      const [first = '', ...rest] = more.map(toText);
      const others =
        rest.length === 0
          ? ''
          : ` and ${rest.length} more (${rest.slice(0, 4).join('; ')}${rest.length > 4 ? '; …' : ''})`;
      yield {
        change,
        at: change.after?.object.kind.endsWith('Binding') === true ? 'subjects' : 'rules',
        message: `lets ${now.subject} ${first}${others}, ${now.scope === '' ? 'in the whole cluster' : `in ${now.scope}`}`,
        mend: 'name exactly the verbs, resources and names that it needs',
      };
    }
  },
};

interface Grant {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  /** Undefined: all of them. */
  readonly name: string | undefined;
}

interface Grants {
  readonly subject: string;
  /** A namespace; empty for the whole cluster. */
  readonly scope: string;
  readonly may: Grant[];
  /** The objects that say so. */
  readonly sources: Set<string>;
}

/** What each subject may in each place: bindings and the roles that they name. */
function toGrants(tree: Tree): Map<string, Grants> {
  const roles = new Map(
    tree.flatMap((placed) => (isRole(placed.object.kind) ? [[placed.id, placed] as const] : [])),
  );
  const all = new Map<string, Grants>();
  for (const placed of tree) {
    if (!placed.object.kind.endsWith('RoleBinding')) continue;
    const { roleRef, subjects = [], metadata } = placed.object as RoleBinding;
    const scope = metadata.namespace ?? '';
    const role = roles.get(
      roleRef.kind === 'Role' ? `Role ${scope}/${roleRef.name}` : `ClusterRole ${roleRef.name}`,
    );
    // Of a role that others make only the name is known.
    const may =
      role === undefined ? [opaque(roleRef.name)] : ((role.object as Role).rules ?? []).flatMap(toRuleGrants);
    for (const { kind, name, namespace } of subjects) {
      const subject = `${kind} ${kind === 'ServiceAccount' ? `${namespace ?? scope}/` : ''}${name}`;
      const key = `${subject} @ ${scope}`;
      const grants = all.get(key) ?? { subject, scope, may: [], sources: new Set<string>() };
      grants.may.push(...may);
      grants.sources.add(placed.key);
      if (role !== undefined) grants.sources.add(role.key);
      all.set(key, grants);
    }
  }
  return all;
}

const isRole = (kind: string) => kind === 'Role' || kind === 'ClusterRole';
const opaque = (role: string): Grant => ({
  group: 'role',
  resource: role,
  verb: 'do all of',
  name: undefined,
});

function toRuleGrants({
  apiGroups = [],
  resources = [],
  resourceNames,
  nonResourceURLs = [],
  verbs,
}: PolicyRule): Grant[] {
  const names: (string | undefined)[] =
    resourceNames === undefined || resourceNames.length === 0 ? [undefined] : [...resourceNames];
  return verbs.flatMap((verb) => [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) => names.map((name) => ({ group, resource, verb, name }))),
    ),
    ...nonResourceURLs.map((resource) => ({ group: 'url', resource, verb, name: undefined })),
  ]);
}

function covers(known: Grant, grant: Grant): boolean {
  const is = (all: string, one: string) => all === one || (all === '*' && known.group !== 'role');
  return (
    (known.group === '*' ? grant.group !== 'role' && grant.group !== 'url' : known.group === grant.group) &&
    is(known.resource, grant.resource) &&
    is(known.verb, grant.verb) &&
    (known.name === undefined || known.name === grant.name)
  );
}

function toText({ group, resource, verb, name }: Grant): string {
  if (group === 'role') return `${verb} the role ${resource}`;
  const of = group === '' || group === 'url' ? '' : `.${group}`;
  return `${verb} ${resource}${of}${name === undefined ? '' : ` "${name}"`}`;
}

function changeBehind({ changes }: View, sources: ReadonlySet<string>): Change | undefined {
  return changes.find(({ after }) => after !== undefined && sources.has(after.key));
}
