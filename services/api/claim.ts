import { createToken, hashToken, type Identity, toCacheToken, toJobToken } from '../core/access/index.ts';
import { toCloneUrl } from '../core/forge/index.ts';
import {
  agentProtocol,
  type Claim,
  type ClaimRequest,
  forges,
  isForeign,
  type JobSpec,
} from '../core/job/index.ts';
import { version } from '../core/runtime/index.ts';
import { toCacheScopes } from './cache-scopes.ts';
import { toCloneCredentials } from './clone.ts';
import type { ApiDeps } from './deps.ts';
import { Problem, unauthorized } from './problem.ts';
import { traceClaim } from './trace.ts';

/** Hands a job to an agent with all that it needs: the job's token, and where and how to clone. */
export async function claimJob(
  deps: Pick<
    ApiDeps,
    | 'queue'
    | 'claimTokens'
    | 'repositories'
    | 'origins'
    | 'publicUrl'
    | 'secrets'
    | 'caches'
    | 'tracer'
    | 'metrics'
  >,
  identity: Identity,
  request: ClaimRequest,
): Promise<Claim | undefined> {
  const pool =
    identity.role === 'claim'
      ? await deps.claimTokens.use(identity.token, request.agent, request.pool)
      : undefined;
  if (pool === undefined) throw unauthorized();
  if (pool !== request.pool)
    throw new Problem(403, `This credential claims in pool "${pool}", not in "${request.pool}".`);

  const startMs = Date.now();
  const secret = createToken();
  const asked = performance.now();
  const { agent, prefer } = request;
  const claimed = await deps.queue.claim({
    pool,
    agent,
    tokenHash: hashToken(secret),
    ...(prefer === undefined ? {} : { prefer }),
  });
  if (claimed === undefined) return undefined;
  deps.metrics.claim((performance.now() - asked) / 1000);
  // The agent does not wait for it, and is not refused because of it.
  void traceClaim(deps, claimed, startMs).catch(() => undefined);
  return {
    ...claimed,
    token: toJobToken(claimed.job, secret),
    clone: await toClone(deps, claimed.spec),
    ...toCache(deps, claimed),
    about: await toAbout(deps, claimed),
    page: `${deps.publicUrl}/jobs/${claimed.job}`,
    protocol: agentProtocol,
  };
}

async function toAbout(
  { queue, repositories }: Pick<ApiDeps, 'queue' | 'repositories'>,
  { job, spec }: { job: string; spec: JobSpec },
): Promise<NonNullable<Claim['about']>> {
  const [lineage, facts, repository] = await Promise.all([
    queue.lineage(job),
    repositories.facts(spec.repository),
    repositories.get(spec.repository),
  ]);
  const { trustedWith = [] } = isForeign(spec) ? {} : (repository ?? {});
  return {
    version,
    ...(lineage === undefined ? {} : { lineage }),
    ...(facts === undefined ? {} : { facts }),
    ...(trustedWith.length === 0 ? {} : { trustedWith }),
  };
}

/** For a job's whole time, and a while to keep what it has made. */
const saveMs = 20 * 60_000;

function toCache(
  { caches, secrets: { cloneKey } }: Pick<ApiDeps, 'caches' | 'secrets'>,
  { job, spec }: { job: string; spec: JobSpec },
): Pick<Claim, 'cache'> {
  if (caches === undefined || cloneKey === undefined) return {};
  const token = toCacheToken(job, cloneKey, Date.now() + spec.timeLimitMs + saveMs);
  const { read, write } = toCacheScopes(spec);
  return { cache: { read: [...read], ...(write === undefined ? {} : { write }), token } };
}

/** Below the registered origin of the repository's forge, whatever a payload said. */
async function toClone(
  { origins, secrets, repositories }: Pick<ApiDeps, 'origins' | 'secrets' | 'repositories'>,
  spec: JobSpec,
): Promise<Claim['clone']> {
  const [prefix, ...rest] = spec.repository.split('/');
  const forge = forges.find((known) => known === prefix);
  const origin = forge === undefined ? undefined : origins[forge];
  if (forge === undefined || origin === undefined)
    throw new Problem(500, `${spec.repository} was registered with a forge that this api no longer knows.`);
  const url = toCloneUrl(origin, rest.join('/'));
  if (forge === 'local')
    return secrets.cloneKey === undefined
      ? { url }
      : { url, ...toCloneCredentials(spec.repository, secrets.cloneKey) };
  if (secrets.forges?.[forge] === undefined) return { url };
  // What nobody has told of may be private.
  const facts = await repositories.facts(spec.repository);
  return facts?.private === false ? { url } : { url, through: 'api' };
}
