import { HeadsError, type Lookup, LookupError } from '../core/forge/index.ts';
import { type Forge, forges, type Repository } from '../core/job/index.ts';
import type { Log } from '../core/log/index.ts';
import type { Repositories } from '../core/queue/index.ts';
import type { Reconciler } from './reconcile/reconciler.ts';

export interface RegisterDeps {
  /** Repository → the pool of its jobs. */
  wanted: ReadonlyMap<string, string>;
  repositories: Pick<Repositories, 'get' | 'put'>;
  reconciler: Pick<Reconciler, 'noteHeads'>;
  lookups: Partial<Record<Forge, Pick<Lookup, 'defaultBranch'>>>;
  log: Log;
}

/** As `bellows repo add` has it. */
const timeLimitMs = 3_600_000;

/**
 * Registers what the settings name and nobody has registered yet; what an admin has set of one stays. One that its forge
 * does not show, since it is away or the mirror is not made yet, is tried again with the next call: what it holds then is
 * no news.
 */
export function createRegistration({
  wanted,
  repositories,
  reconciler,
  lookups,
  log,
}: RegisterDeps): () => Promise<void> {
  const waiting = new Map(wanted);
  const said = new Set<string>();

  const register = async (id: string, pool: string): Promise<void> => {
    if ((await repositories.get(id)) !== undefined) return;
    const [prefix, ...rest] = id.split('/');
    const forge = forges.find((known) => known === prefix);
    if (forge === undefined) return;
    const name = rest.join('/');
    const defaultBranch = (await lookups[forge]?.defaultBranch(name)) ?? 'main';
    const repository: Repository = { id, forge, name, defaultBranch, pool, timeLimitMs };
    await reconciler.noteHeads(repository);
    await repositories.put(repository);
    log.info({ repository: id }, 'registered, as the settings name it');
  };

  return async () => {
    for (const [id, pool] of waiting) {
      try {
        await register(id, pool);
        waiting.delete(id);
      } catch (error) {
        if (!(error instanceof HeadsError || error instanceof LookupError)) throw error;
        if (!said.has(id)) log.warn({ repository: id, why: error.message }, 'not registered yet');
        said.add(id);
      }
    }
  };
}
