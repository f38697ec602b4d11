import {
  type ClosedPull,
  type CommitWords,
  type Lookup,
  LookupError,
  type OpenedEvent,
  type ToldEvent,
  type ToldQuestion,
} from '../../core/forge/index.ts';
import type { Forge, Repository, RepositoryFacts } from '../../core/job/index.ts';
import type { Log } from '../../core/log/index.ts';

/** What a forge's API adds to what git says. Never rejects because of the forge: without it, less is known. */
export interface ForgeWords {
  /** By ref, each as the event of its head; undefined where nobody says. */
  openPullRequests(repository: Repository): Promise<ReadonlyMap<string, OpenedEvent> | undefined>;
  /** Undefined while it is open, and where nobody says. */
  closed(repository: Repository, number: number): Promise<ClosedPull | undefined>;
  /** Releases or deployments since a time, each as its webhook has it; none where nobody says. */
  told(repository: Repository, event: ToldQuestion['event'], since: number): Promise<readonly ToldEvent[]>;
  /** Whether this forge may be asked at all. */
  canAsk(forge: Forge): boolean;
  /** Undefined where nobody says. */
  facts(repository: Repository): Promise<RepositoryFacts | undefined>;
  /** Empty where nobody says. */
  commit(repository: Repository, sha: string): Promise<CommitWords>;
}

/** Says once for each forge that it cannot be asked, and once that it can again. */
export function createForgeWords({
  lookups,
  log,
}: {
  lookups: Partial<Record<Forge, Lookup>>;
  log: Log;
}): ForgeWords {
  const mute = new Set<Forge>();

  const ask = async <T>({ id, forge }: Repository, question: (lookup: Lookup) => Promise<T>) => {
    const lookup = lookups[forge];
    if (lookup === undefined) {
      if (forge !== 'local' && !mute.has(forge))
        log.info(
          { forge },
          `without a token (the secret forge-${forge}) only branches and tags are compared`,
        );
      mute.add(forge);
      return undefined;
    }
    try {
      const answer = await question(lookup);
      if (mute.delete(forge)) log.info({ forge }, 'the forge can be asked again');
      return answer;
    } catch (error) {
      if (!(error instanceof LookupError)) throw error;
      if (!mute.has(forge))
        log.warn({ repository: id, why: error.message }, 'pull requests and authors cannot be asked for');
      mute.add(forge);
      return undefined;
    }
  };

  return {
    openPullRequests: async (repository) => {
      const opened = await ask(repository, (lookup) => lookup.openPullRequests(repository.name));
      return opened && new Map(opened.map((event) => [event.ref, { ...event, repository: repository.name }]));
    },
    closed: (repository, number) => ask(repository, (lookup) => lookup.closed(repository.name, number)),
    told: async (repository, event, since) => {
      const { name, defaultBranch } = repository;
      return (await ask(repository, (lookup) => lookup.told(name, { event, since, defaultBranch }))) ?? [];
    },
    canAsk: (forge) => lookups[forge] !== undefined,
    facts: (repository) => ask(repository, (lookup) => lookup.facts(repository.name)),
    commit: async (repository, sha) =>
      (await ask(repository, (lookup) => lookup.commit(repository.name, sha))) ?? { message: '', author: '' },
  };
}
