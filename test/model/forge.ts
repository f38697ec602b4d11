import { deepStrictEqual } from 'node:assert/strict';
import {
  type CommitStatus,
  type Job,
  toCommitStatus,
  type UntoldStatus,
} from '../../services/core/job/index.ts';
import type { Outbox, TakenStatus } from '../../services/core/queue/index.ts';
import type { Random } from './random.ts';

/** Longer than any play: what is leased is given back, or told. */
const leaseMs = 1e9;

/**
 * A forge that is told by two replicas, of which one may be slow, and which may be away. Whatever happens, what
 * it shows of a commit is the state of the job that changed last, or there is an entry that will say so.
 */
export function createForge(outbox: Outbox, random: Random) {
  const shown = new Map<string, CommitStatus>();
  /** By repository, commit and context. */
  const newest = new Map<string, string>();
  const slow: TakenStatus[] = [];

  const tell = async (taken: TakenStatus) => {
    shown.set(toName(taken.job), toCommitStatus(taken.job));
    return outbox.told(taken);
  };

  return {
    /** In the order of the events. */
    changed(job: Job) {
      if (job.spec.repository.startsWith('gitea/')) newest.set(toName(job), job.id);
    },
    async step() {
      const before = random.chance(0.25) ? slow.shift() : undefined;
      // One that took it and died: others get it when the lease is over.
      if (before === undefined && random.chance(0.1)) {
        const lost = await outbox.take('gitea', 0);
        return lost === undefined ? 'nothing' : 'taken';
      }
      const taken = before ?? (await outbox.take('gitea', leaseMs));
      if (taken === undefined) return 'nothing';
      if (before === undefined && random.chance(0.3)) {
        slow.push(taken);
        return 'taken';
      }
      if (random.chance(0.2)) {
        await outbox.postpone(taken, 0, 0);
        return 'postponed';
      }
      if (random.chance(0.05)) {
        const answer = await outbox.giveUp(taken, toWhy(taken));
        // Nothing is due before the job changes again.
        if (answer === 'done') newest.delete(toName(taken.job));
        return answer;
      }
      return tell(taken);
    },
    /** @param entries status → job, of what is still to be told */
    check(entries: Record<string, string>, jobs: ReadonlyMap<string, Job>) {
      const waiting = new Set(Object.values(entries).map((text) => text.split(' ')[0]));
      for (const [name, id] of newest) {
        const job = jobs.get(id);
        // Forgotten, and perhaps made anew by its pipeline, of which each job here has a commit of its own.
        if (job === undefined || toName(job) !== name || waiting.has(id)) continue;
        deepStrictEqual(shown.get(name), toCommitStatus(job), `the forge shows ${name}`);
      }
    },
  };
}

function toWhy({ job, tries }: TakenStatus): UntoldStatus {
  const { context, state } = toCommitStatus(job);
  const { repository, sha } = job.spec;
  return { at: 0, repository, sha, context, state, job: job.id, tries: tries + 1, why: 'it is refused' };
}

function toName({ spec }: Job): string {
  return `${spec.repository} ${toCommitStatus({ spec, state: 'queued' } as Job).context} ${spec.sha}`;
}
