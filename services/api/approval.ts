import { type Identity, isPerson } from '../core/access/index.ts';
import { isForeign, type JobSpec, type Repository } from '../core/job/index.ts';
import { Problem } from './problem.ts';

/**
 * Why a pipeline that a forge told of waits for an approval; undefined where it does not. Each commit waits anew:
 * an approval is for the pipeline of one, and says nothing of the next.
 */
export function toAwaits(repository: Repository, spec: JobSpec): string | undefined {
  const { approval = 'forks' } = repository;
  if (!mustWait(approval, spec) || isTrusted(repository, spec)) return undefined;
  return `awaits approval: ${toAsking(repository, spec)}`;
}

/** What is asked for, and by whom, for whoever decides. */
export function toAsking({ forge }: Pick<Repository, 'forge'>, spec: JobSpec): string {
  const { pullRequest, movedBy, author, sha, branch, event } = spec;
  const toUser = (id: number | undefined) =>
    id === undefined ? `a user whom ${forge} did not name` : `${forge} user ${id}`;
  const commit = `commit ${sha.slice(0, 12)}`;
  const name = author === '' ? '' : `${author}, `;
  if (pullRequest === undefined)
    return `${event} of ${branch} at ${commit}${event === 'manual' ? '' : ` by ${toUser(movedBy)}`}`;
  const { number, fork, openedBy } = pullRequest;
  const pushed = movedBy === openedBy ? '' : `, moved by ${toUser(movedBy)}`;
  const whose = fork ? "a fork's pull request" : 'pull request';
  return `${whose} #${number} of ${name}${toUser(openedBy)}${pushed}, at ${commit}`;
}

/** @throws Problem 403 where the repository names who approves, and this is somebody else */
export function refuseOther(repository: Repository, identity: Identity): void {
  if (mayApprove(repository, identity)) return;
  throw new Problem(
    403,
    `Only some may decide this for ${repository.id}: admins, and the users of ${repository.forge} whom it names. ./bellows repo show ${repository.id}`,
  );
}

export function mayApprove({ forge, approvers }: Repository, identity: Identity): boolean {
  if (!isPerson(identity)) return false;
  // Whoever signed in at the forge is known by the number that the forge knows them by.
  const named = approvers?.some((id) => identity.actor === `user:${forge}:${id}`);
  return approvers === undefined || identity.role === 'admin' || named === true;
}

function mustWait(approval: NonNullable<Repository['approval']>, spec: JobSpec): boolean {
  switch (approval) {
    case 'none':
      return false;
    case 'forks':
      return isForeign(spec);
    case 'pull_requests':
      return isForeign(spec) || spec.pullRequest !== undefined;
    case 'all_events':
      return true;
  }
}

/** Both: the one may have opened what the other has pushed to. Whom the forge does not name is nobody's friend. */
function isTrusted({ trusted = [] }: Repository, { movedBy, pullRequest }: JobSpec): boolean {
  const people = pullRequest === undefined ? [movedBy] : [movedBy, pullRequest.openedBy];
  return people.every((id) => id !== undefined && trusted.includes(id));
}
