import { type Identity, isPerson, type Person } from '../core/access/index.ts';
import { Problem } from './problem.ts';

/** The rules let people only to such a route; a machine here is a rule that is wrong. */
export function toPerson(identity: Identity): Person {
  if (isPerson(identity)) return identity;
  throw new Problem(403, 'Only people ask this.');
}
