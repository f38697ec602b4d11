import { type PersonRole, personRoles } from '../../core/job/index.ts';

/** Who has a role: everybody whom the identity provider signs in, or whose claim has this value. */
export interface RoleRule {
  role: PersonRole;
  who: { claim: string; value: string } | 'everybody';
}

/** What an identity provider says of a person: the claims of its ID token and its UserInfo. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * `admin=group:acme:owners;trigger=group:acme:devs;view=*`: one rule between semicolons. `group` stands for
 * the claim `groups`; any other claim goes by its own name. A value ends at the semicolon.
 *
 * @throws Error that names the rule.
 */
export function parseRoles(text: string): RoleRule[] {
  return text
    .split(';')
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '')
    .map((rule) => {
      const [, name, who = ''] = /^(\w+)=(.+)$/.exec(rule) ?? [];
      const role = personRoles.find((known) => known === name);
      const [, claim, value] = /^([A-Za-z0-9_./-]+):(.+)$/.exec(who) ?? [];
      if (role !== undefined && who === '*') return { role, who: 'everybody' };
      if (role === undefined || claim === undefined || value === undefined)
        throw new Error(
          `"${rule}": expected <role>=<claim>:<value> or <role>=*, where the role is ${personRoles.join(', ')}`,
        );
      return { role, who: { claim: claim === 'group' ? 'groups' : claim, value } };
    });
}

/** The highest role that any rule gives; undefined: none does, and the person stays outside. */
export function toRole(rules: readonly RoleRule[], claims: Claims): PersonRole | undefined {
  const given = rules.filter(({ who }) => who === 'everybody' || has(claims, who)).map(({ role }) => role);
  return personRoles.findLast((role) => given.includes(role));
}

/** The claims that the rules look at. */
export function toWantedClaims(rules: readonly RoleRule[]): string[] {
  return rules.flatMap(({ who }) => (who === 'everybody' ? [] : [who.claim]));
}

function has(claims: Claims, { claim, value }: { claim: string; value: string }): boolean {
  // Whoever may write any address into a profile has not shown that it is theirs.
  if (claim === 'email' && claims.email_verified !== true) return false;
  const found = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return Array.isArray(found) ? found.includes(value) : found === value;
}
