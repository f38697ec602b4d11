import { isZero, type Movement } from './movement.ts';

export interface GiteaEvent {
  /** The value of `X-Gitea-Event`. */
  event: 'push' | 'delete';
  payload: Record<string, unknown>;
}

/**
 * A movement as Gitea tells of it (modules/structs/hook.go), in the fields that a receiver reads: `push`
 * for a ref that is new or has moved, `delete` for one that is gone.
 */
export function toGiteaEvent(
  movement: Movement,
  repository: { name: string; defaultBranch: string; url: string; at: Date },
): GiteaEvent {
  const { ref, before, after, commit } = movement;
  const [owner = '', name = ''] = repository.name.split('/');
  const person = { id: 1, login: owner, username: owner };
  const about = {
    repository: {
      id: 1,
      name,
      full_name: repository.name,
      owner: person,
      clone_url: repository.url,
      default_branch: repository.defaultBranch,
      updated_at: repository.at.toISOString(),
    },
    sender: person,
  };
  if (isZero(after)) {
    const [, kind, short] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
    const payload = {
      ref: short ?? ref,
      ref_type: kind === 'tags' ? 'tag' : 'branch',
      pusher_type: 'user',
      ...about,
    };
    return { event: 'delete', payload };
  }
  const author = { name: commit?.author ?? '', email: commit?.email ?? '' };
  const head =
    commit === undefined ? null : { id: commit.id, message: commit.subject, author, committer: author };
  return {
    event: 'push',
    payload: {
      ref,
      before,
      after,
      commits: head === null ? [] : [head],
      head_commit: head,
      pusher: person,
      ...about,
    },
  };
}
