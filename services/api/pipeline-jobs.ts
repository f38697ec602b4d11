import type { Workflows } from '../core/job/index.ts';
import type { Found } from '../core/queue/index.ts';
import { choosePool } from './choose-pool.ts';
import type { ApiDeps } from './deps.ts';
import { readJob } from './routes/jobs.ts';

/** With the pool that each job's labels ask for. An agent of version 1 tells names and nothing else. */
export async function toFound(deps: ApiDeps, id: string, told: Workflows): Promise<Found> {
  if ('workflows' in told) return { jobs: told.workflows.map((workflow) => ({ workflow })) };
  const { pool: own, spec } = (await readJob(deps, id)).job;
  return {
    own: told.own,
    jobs: told.jobs.map(({ labels, group, ...job }) => ({
      ...job,
      pool: choosePool(labels, own, deps.pools),
      // A group is the repository's: another's of the same name is none of its business.
      ...(group === undefined ? {} : { group: { ...group, name: `${spec.repository} ${group.name}` } }),
    })),
  };
}

/** A repeat of the agent's word does it again, so that none is left where an api ended in between. */
export async function cancelOthers(deps: ApiDeps, id: string): Promise<void> {
  const { pipeline } = (await readJob(deps, id)).job;
  const { jobs = [] } = (await deps.queue.pipeline(pipeline)) ?? {};
  for (const other of jobs)
    if (other !== id) await deps.queue.cancel(other, `job ${id.slice(0, 8)}, which failed`);
}
