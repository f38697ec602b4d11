import type { Repository } from '../../core/job/index.ts';
import type { Queue, Repositories, Watch } from '../../core/queue/index.ts';
import { isWanted } from '../hear.ts';
import { toPullNumber } from './decide.ts';

export interface WatchDeps {
  queue: Pick<Queue, 'noteHead'>;
  repositories: Pick<Repositories, 'watch' | 'setWatch'>;
}

/** Of a repository that is registered now: all that its forge holds is still to be noted. */
export const fresh: Watch = { owes: ['refs', 'pulls'] };

/** Where refs and open pull requests stand, as far as somebody says it. */
export interface Standing {
  refs: ReadonlyMap<string, string>;
  pulls: ReadonlyMap<string, { sha: string }> | undefined;
}

/**
 * What a forge held when its repository was registered is not news, however late it can be asked: that it was away then,
 * or that its token came later, starts nothing old.
 *
 * @param known gains what is noted here
 * @returns what is still to be noted
 */
export async function noteOwed(
  { queue }: WatchDeps,
  { id }: Repository,
  owes: Watch['owes'],
  known: Map<string, string>,
  { refs, pulls }: Standing,
): Promise<Watch['owes']> {
  const note = async (ref: string, sha: string) => {
    if (known.has(ref)) return;
    await queue.noteHead(id, ref, sha);
    known.set(ref, sha);
  };
  if (owes.includes('refs'))
    for (const [ref, sha] of refs) if (toPullNumber(ref) === undefined) await note(ref, sha);
  if (pulls === undefined) return owes.filter((owed) => owed === 'pulls');
  if (owes.includes('pulls')) for (const [ref, { sha }] of pulls) await note(ref, sha);
  return [];
}

/** The same with the times from which on what is told is compared: from when somebody wanted it first. */
export function toWatch(repository: Repository, watch: Watch, now: number): Watch {
  const since = (event: 'release' | 'deployment') =>
    isWanted(repository, event) ? (watch[event] ?? now) : undefined;
  // Gitea knows no deployments.
  const deployment = repository.forge === 'github' ? since('deployment') : undefined;
  return { owes: watch.owes, release: since('release'), deployment };
}

/** Writes it where it is another one. */
export async function keepWatch(
  { repositories }: WatchDeps,
  { id }: Repository,
  before: Watch | undefined,
  after: Watch,
): Promise<void> {
  const toText = ({ owes, release, deployment }: Watch) => JSON.stringify([owes, release, deployment]);
  if (before === undefined || toText(before) !== toText(after)) await repositories.setWatch(id, after);
}
