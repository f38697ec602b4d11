import { type Forge, type Job, type JobSpec, toJobName } from '../job/index.ts';
import { checkJobs, type Named, toJobId, toMore, toStatusId } from './new-jobs.ts';
import type { Found } from './queue.ts';
import { toSpecBytes } from './spec-bytes.ts';

/**
 * What an agent found, as the `expand` script wants it.
 *
 * @param most jobs that a pipeline may have
 * @throws QueueError `invalid` where the jobs do not fit together
 */
export function toExpansion(job: Job, { own, jobs }: Found, most: number, told: readonly Forge[]) {
  const { pipeline, pool } = job;
  const { needs: _needs, retryOf: _retryOf, ...spec } = job.spec;
  // Only of the job that the tree decides about; the others of its pipeline are what came of that.
  if (spec.workflow !== undefined || spec.expanded === true) return { own: '', added: [], specs: [] };
  const all = jobs.map(({ workflow, entry, axes, timeLimitMs = spec.timeLimitMs, ...rest }) => {
    const limit = Math.min(timeLimitMs, spec.timeLimitMs);
    const given: JobSpec = { ...spec, workflow, timeLimitMs: limit };
    if (entry !== undefined) given.entry = entry;
    if (axes !== undefined) given.axes = axes;
    return { ...rest, pool: rest.pool ?? pool, spec: given };
  });
  const first: Named[] = own === undefined ? [] : [{ spec: { workflow: own }, pool }];
  checkJobs([...first, ...all], most);
  const toId = (name: string) => (name === own ? job.id : toJobId(pipeline, name));
  const added = all.map((each) => ({
    id: toJobId(pipeline, toJobName(each.spec)),
    limit: each.spec.timeLimitMs,
    pool: each.pool,
    status: toStatusId(each.spec, told),
    ...toMore(each, toId),
  }));
  const specs = all.map(({ spec: { needs: _, ...each }, needs = [] }) =>
    toSpecBytes(needs.length === 0 ? each : { ...each, needs: [...needs] }),
  );
  return { own: own ?? '', added, specs };
}
