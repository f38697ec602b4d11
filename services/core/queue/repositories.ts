import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import * as z from 'zod';
import {
  type Repository,
  type RepositoryFacts,
  repositoryFactsSchema,
  repositorySchema,
} from '../job/index.ts';
import { toQueueError } from './error.ts';
import { toKey } from './keys.ts';
import { createRunner, toText } from './run-script.ts';
import { removeRepository, renewHook } from './scripts/head.ts';

/** How far what its forge held at its registration is known, and since when what moves no ref is compared. */
export interface Watch {
  /** What is still to be noted: the first time that the forge tells it, it is no news. */
  owes: readonly ('refs' | 'pulls')[];
  /** Milliseconds since 1970; absent while nobody wants them. */
  release?: number | undefined;
  deployment?: number | undefined;
}

/** The registered repositories (`repositories` HASH), what their forges say of them and their own hooks (`hooks` HASH). */
export interface Repositories {
  put(repository: Repository): Promise<void>;
  /** The same object for all who ask at once. */
  get(id: string): Promise<Readonly<Repository> | undefined>;
  list(): Promise<Repository[]>;
  remove(id: string): Promise<boolean>;
  /** Keeps what its forge says of it; what this process wrote within a minute is not written again. */
  describe(id: string, facts: RepositoryFacts): Promise<void>;
  facts(id: string): Promise<RepositoryFacts | undefined>;
  /** Undefined where it was registered and never compared. */
  watch(id: string): Promise<Watch | undefined>;
  setWatch(id: string, watch: Watch): Promise<void>;
  /**
   * Gives a repository a hook of its own (`/webhooks/<forge>/<hook>`), or renews its secret: the one
   * before stays good until the next renewal, so that a secret can be rotated without losing an event.
   */
  setHookSecret(id: string, secret: string): Promise<{ hook: string }>;
  hook(hook: string): Promise<{ repository: string; secrets: string[] } | undefined>;
}

/** Another replica may have written since: what it was told last must not stand for ever. */
const rememberMs = 60_000;

const watchSchema = z.object({
  owes: z.array(z.enum(['refs', 'pulls'])),
  release: z.int().optional(),
  deployment: z.int().optional(),
});

const hookSchema = z.object({ repository: z.string(), secrets: z.array(z.string()).max(2) });

export function createRepositories({
  commands,
  now = Date.now,
}: {
  commands: Redis;
  now?: () => number;
}): Repositories {
  const run = createRunner(commands);
  const all = toKey('repositories');
  const hooks = toKey('hooks');
  const guard = <T>(what: string, answer: Promise<T>) =>
    answer.catch((error: unknown) => {
      throw toQueueError(what, error);
    });
  const parse = (text: string) => repositorySchema.parse(JSON.parse(text));

  // Many webhooks of one repository at once ask once, and what is answered is read once.
  const asked = new Map<string, Promise<Repository | undefined>>();
  const ask = (id: string) => {
    const known = asked.get(id);
    if (known !== undefined) return known;
    const answer = guard('get repository', commands.hget(all, id))
      .then((text) => (text === null ? undefined : parse(text)))
      .finally(() => asked.get(id) === answer && asked.delete(id));
    asked.set(id, answer);
    return answer;
  };

  const watched = toKey('watched');
  const described = toKey('described');
  const written = new Map<string, string>();
  let forgotten = now();

  return {
    async describe(id, facts) {
      const text = JSON.stringify(facts);
      if (Math.abs(now() - forgotten) > rememberMs) {
        written.clear();
        forgotten = now();
      }
      if (written.get(id) === text) return;
      const checked = JSON.stringify(repositoryFactsSchema.parse(facts));
      await guard('describe repository', commands.hset(described, id, checked));
      written.set(id, text);
    },
    async facts(id) {
      const text = await guard('read facts', commands.hget(described, id));
      return text === null ? undefined : repositoryFactsSchema.parse(JSON.parse(text));
    },
    async watch(id) {
      const text = await guard('read watch', commands.hget(watched, id));
      return text === null ? undefined : watchSchema.parse(JSON.parse(text));
    },
    async setWatch(id, watch) {
      await guard('set watch', commands.hset(watched, id, JSON.stringify(watchSchema.parse(watch))));
    },
    async put(repository) {
      // Who asks from here on is told what is now written.
      asked.delete(repository.id);
      const text = JSON.stringify(repositorySchema.parse(repository));
      await guard('put repository', commands.hset(all, repository.id, text));
    },
    get: ask,
    async list() {
      const texts = await guard('list repositories', commands.hvals(all));
      return texts.map(parse).sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    async remove(id) {
      asked.delete(id);
      written.delete(id);
      return (await run(removeRepository, [id], [hooks])) === 1;
    },
    async setHookSecret(id, secret) {
      const fresh = randomBytes(10).toString('hex');
      return { hook: toText(await run(renewHook, [id, fresh, secret], [hooks])) };
    },
    async hook(hook) {
      const text = await guard('get hook', commands.hget(hooks, hook));
      return text === null ? undefined : hookSchema.parse(JSON.parse(text));
    },
  };
}
