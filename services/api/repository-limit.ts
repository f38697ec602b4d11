import { type Identity, knowsRepository, toLimit } from '../core/access/index.ts';
import { type JobEvent, jobIdSchema } from '../core/job/index.ts';
import { limitedRoutes } from './access-rules.ts';
import type { ApiDeps } from './deps.ts';
import { noJob, noPipeline, noRepository, Problem } from './problem.ts';

/** Jobs of which a stream remembers whose they are. */
const mostRemembered = 10_000;

/**
 * Keeps a credential that is limited to some repositories from all others. What its address names and it may
 * not know is answered as what does not exist; what a list or a stream holds is the route's to filter.
 *
 * @param route method and pattern, as in the access rules.
 * @param path as it was sent. An encoded letter matches nothing here, so it is refused, whatever it means.
 */
export async function checkLimit(
  deps: Pick<ApiDeps, 'queue'>,
  identity: Identity,
  route: string,
  path: string,
): Promise<void> {
  if (toLimit(identity) === undefined) return;
  if (!limitedRoutes.has(route))
    throw new Problem(403, 'This token is limited to some repositories, and this is not about one of them.');
  const { id, pipeline, forge, owner, name } = toParams(route, path);
  if (forge !== undefined) {
    const repository = `${forge}/${owner}/${name}`;
    if (!knowsRepository(identity, repository)) throw noRepository(repository);
  }
  if (id !== undefined && !(await knowsJob(deps, identity, id))) throw noJob(id);
  if (pipeline !== undefined) {
    // All jobs of a pipeline are of one repository.
    const known = jobIdSchema.safeParse(pipeline).success ? await deps.queue.pipeline(pipeline) : undefined;
    if (!(await knowsJob(deps, identity, known?.jobs[0] ?? ''))) throw noPipeline(pipeline);
  }
}

async function knowsJob({ queue }: Pick<ApiDeps, 'queue'>, identity: Identity, id: string): Promise<boolean> {
  const found = jobIdSchema.safeParse(id).success ? await queue.job(id) : undefined;
  return found !== undefined && knowsRepository(identity, found.job.spec.repository);
}

/** Whether an event is of a job that the credential may know, and of what its reader asked for. */
export function createEventFilter(
  deps: Pick<ApiDeps, 'queue'>,
  identity: Identity,
  { repository, job }: { repository?: string | undefined; job?: string | undefined } = {},
) {
  const known = new Map<string, boolean>();
  const all = toLimit(identity) === undefined && repository === undefined;
  return async (event: JobEvent): Promise<boolean> => {
    if (job !== undefined && event.job !== job) return false;
    if (all) return true;
    const found = known.get(event.job);
    if (found !== undefined) return found;
    const spec = event.type === 'created' ? event.snapshot.spec : (await deps.queue.job(event.job))?.job.spec;
    const is =
      spec !== undefined &&
      knowsRepository(identity, spec.repository) &&
      (repository === undefined || spec.repository === repository);
    if (known.size >= mostRemembered) known.clear();
    known.set(event.job, is);
    return is;
  };
}

function toParams(route: string, path: string): Record<string, string | undefined> {
  const given = path.split('/');
  const pattern = route.slice(route.indexOf('/')).split('/');
  return Object.fromEntries(
    pattern.flatMap((part, at) => (part.startsWith(':') ? [[part.slice(1), given[at]]] : [])),
  );
}
