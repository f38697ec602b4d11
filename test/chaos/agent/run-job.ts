/** Stands in for `services/agent/run-job.ts` in the agents of the chaos run: the same face, pretended work. */
import { setTimeout as delay } from 'node:timers/promises';
import type { JobSetting } from '../../../services/agent/job-setting.ts';
import type { Outcome } from '../../../services/core/job/index.ts';
import { note } from './journal.ts';
import { parseWork, toLog } from './work.ts';

export async function runJob({ claim, reporter, ending }: JobSetting): Promise<Outcome> {
  const { job, fence, spec } = claim;
  note({ what: 'took', job, fence });
  const work = parseWork(spec.branch);
  if (work.end === 'poison') process.kill(process.pid, 'SIGKILL');
  reporter.step({ name: 'work', state: 'running' });
  for (const text of toLog(work, fence)) await reporter.write('work', Buffer.from(text));
  await delay(work.ms, undefined, { signal: ending.signal }).catch(() => undefined);
  const { cause } = ending;
  if (cause !== undefined) return { outcome: cause === 'cancelled' || cause === 'timeout' ? cause : 'error' };
  const outcome = work.end === 'failure' ? 'failure' : 'success';
  reporter.step({ name: 'work', state: outcome, exitCode: outcome === 'success' ? 0 : 1 });
  return { outcome };
}
