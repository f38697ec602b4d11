import { type ForgeAccess, postStatus, type StatusAnswer } from '../../core/forge/index.ts';
import { toCommitStatus } from '../../core/job/index.ts';
import type { Log } from '../../core/log/index.ts';
import type { Outbox, TakenStatus } from '../../core/queue/index.ts';
import type { Metrics } from '../metrics.ts';

export interface PosterDeps {
  access: ForgeAccess;
  outbox: Outbox;
  publicUrl: string;
  metrics: Pick<Metrics, 'status'>;
  log: Log;
  /** For one answer of the forge, milliseconds. @default 10000 */
  timeoutMs?: number;
  /** The first pause of a back-off, milliseconds. @default 1000 */
  firstPauseMs?: number;
  /** 0 to 1, spreads the back-off. @default Math.random */
  chance?: () => number;
}

/** A commit may be on its way to the forge that was told of first; a token may be mended within a day. */
const mostTries = { refused: 5, denied: 288 };
const longestPauseMs = { forge: 60_000, status: 300_000 };

/**
 * Tells one forge what stands in the outbox, one after the other, until nothing is due or the forge cannot.
 * Called each second by every replica: of one status only one has the lease.
 *
 * While a forge does not answer it is asked once a minute at most, by all replicas together, and the other
 * entries wait without having been tried.
 */
export function createPoster(deps: PosterDeps): (signal: AbortSignal) => Promise<void> {
  const { access, outbox, publicUrl, metrics, log, timeoutMs = 10_000 } = deps;
  const { firstPauseMs = 1000, chance = Math.random } = deps;
  // A request that outlived its lease could be the last word, and an old one.
  const leaseMs = 3 * timeoutMs;
  let failures = 0;

  /** Half of a pause is chance, so that replicas do not come back as one. */
  const toPause = (times: number, longest: number) =>
    Math.min(firstPauseMs * 2 ** Math.min(times, 20), longest) * (0.5 + chance() / 2);

  const onFailure = async (taken: TakenStatus, answer: Exclude<StatusAnswer, { answer: 'posted' }>) => {
    const { id, spec } = taken.job;
    const tries = taken.tries + 1;
    if (answer.answer !== 'later' && tries >= mostTries[answer.answer]) {
      const { sha, context, state } = toCommitStatus(taken.job);
      const about = { repository: spec.repository, sha, context, state, job: id, tries, why: answer.why };
      log.error(about, 'a commit status will not be told: the forge refuses it');
      metrics.status(access.forge, 'refused');
      await outbox.giveUp(taken, { at: Date.now(), ...about });
      return;
    }
    metrics.status(access.forge, 'retried');
    if (failures === 0) log.warn({ forge: access.forge, job: id, why: answer.why }, 'a status is told later');
    const asked = answer.answer === 'later' ? answer.afterMs : undefined;
    // A commit that is not there says nothing of the forge.
    failures += answer.answer === 'refused' ? 0 : 1;
    const quietMs = answer.answer === 'refused' ? 0 : (asked ?? toPause(failures - 1, longestPauseMs.forge));
    await outbox.postpone(taken, toPause(taken.tries, longestPauseMs.status), quietMs);
  };

  return async (signal) => {
    while (!signal.aborted) {
      const asked = performance.now();
      const taken = await outbox.take(access.forge, leaseMs);
      if (taken === undefined) return;
      // We stood still, or Redis was slow: another replica may have it by now, or soon.
      if (performance.now() - asked > timeoutMs) continue;
      const { job } = taken;
      const status = {
        ...toCommitStatus(job),
        repository: job.spec.repository.slice(access.forge.length + 1),
        url: `${publicUrl}/jobs/${job.id}`,
      };
      const answer = await postStatus(access, status, { timeoutMs });
      if (answer.answer !== 'posted') {
        await onFailure(taken, answer);
        continue;
      }
      if (failures > 0) log.info({ forge: access.forge }, 'statuses are told again');
      failures = 0;
      metrics.status(access.forge, 'posted');
      await outbox.told(taken);
    }
  };
}
