import { type PersonRole, personRoles } from '../job/index.ts';

/** A person, or a program that one gave an API token. */
export interface Person {
  role: PersonRole;
  /** Stable, and nobody else's: `admin-token`, `token:deploy`, `user:gitea:7`, `page-code:3f2a91c0`. */
  actor: string;
  /** As people know them. @default the actor */
  name?: string | undefined;
  /** The only repositories that this credential knows; of all others it learns nothing. @default all */
  repositories?: readonly string[] | undefined;
  /** The API token that was sent, by its name. */
  token?: string | undefined;
  /** When the credential ends, milliseconds since 1970. @default never */
  expiresAt?: number | undefined;
}

/**
 * Who asks. A person stands on the ladder; the others are machines, each with a work of its own: `launcher`
 * is the parent that starts agents; `metrics` reads figures only; `claim` may take one job (its token is
 * proved by the claim itself); `job` is the agent of one; `cache` is the same, and opens its caches alone.
 */
export type Identity =
  | Person
  | { role: 'launcher' | 'metrics' }
  | { role: 'claim'; token: string }
  | { role: 'job'; job: string; fence: number }
  | { role: 'cache'; job: string };

export type Role = Identity['role'];

/** Whether a role is the wanted one or, on the ladder, above it. */
export function reaches(held: Role, wanted: Role): boolean {
  return held === wanted || (isPersonRole(held) && isPersonRole(wanted) && rungOf(held) > rungOf(wanted));
}

/** The lower of two rungs: what may be handed on to whoever asks for the second. */
export function atMost(held: PersonRole, wanted: PersonRole): PersonRole {
  return rungOf(held) < rungOf(wanted) ? held : wanted;
}

export function isPerson(identity: Identity): identity is Person {
  return isPersonRole(identity.role);
}

/** Whether the credential knows this repository. Machines know all that their routes speak of. */
export function knowsRepository(identity: Identity, repository: string): boolean {
  const limit = toLimit(identity);
  return limit === undefined || limit.includes(repository);
}

/** The only repositories that the credential knows; undefined: all. */
export function toLimit(identity: Identity): readonly string[] | undefined {
  return isPerson(identity) ? identity.repositories : undefined;
}

/** Who did it, as it is written where changes are kept; one line, no secret. */
export function toActor(identity: Identity): string {
  if (isPerson(identity))
    return identity.name === undefined ? identity.actor : `${identity.actor} (${identity.name})`;
  return 'job' in identity ? `job:${identity.job}` : identity.role;
}

function isPersonRole(role: Role): role is PersonRole {
  return personRoles.some((known) => known === role);
}

function rungOf(role: PersonRole): number {
  return personRoles.indexOf(role);
}
