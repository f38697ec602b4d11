import type { Work } from '../agent/work.ts';
import type { Stage } from '../stage.ts';

export interface Taken {
  job: string;
  /** The place of the agent that has it. */
  n: number;
}

/**
 * Pushes, and waits until an agent has this job. Neither what agents ask nor the round's other jobs say it: who finds
 * nothing asks the same and is gone, and so is, soon, who has something shorter.
 */
export async function pushUntilTaken(stage: Stage, work: Partial<Work>): Promise<Taken | undefined> {
  const sent = stage.push(work);
  await stage.settle(sent);
  const [job] = sent.told.flatMap(({ jobs = [] }) => jobs);
  const claimed = await stage.untilEvent((event) => event.job === job && event.type === 'claimed');
  if (claimed === undefined || !('agent' in claimed)) return undefined;
  const n = stage.agents.indexOf(String(claimed.agent));
  return n === -1 ? undefined : { job: claimed.job, n };
}
