import type { Redis } from 'ioredis';
import * as z from 'zod';
import { type RepositorySecret, repositorySecretSchema, secretEvents, secretLimits } from '../job/index.ts';
import { ask } from './ask.ts';
import { keys } from './keys.ts';
import { createSealer, type Sealer } from './seal.ts';

/** What jobs of a repository are given to use, and nobody is given to read. */
export interface RepositorySecrets {
  /** @returns undefined where the repository has no room for it (`secretLimits`) */
  put(
    repository: string,
    name: string,
    value: string,
    about: Pick<RepositorySecret, 'setBy'> & Partial<Pick<RepositorySecret, 'events' | 'branches'>>,
  ): Promise<RepositorySecret | undefined>;
  /** By name. */
  list(repository: string): Promise<RepositorySecret[]>;
  remove(repository: string, name: string): Promise<boolean>;
  /** With the repository that they are of. */
  removeAll(repository: string): Promise<void>;
  /** Those that exist. @throws SealError */
  open(repository: string, names: readonly string[]): Promise<Map<string, OpenSecret>>;
  /** Seals everything with the newest key that an older one had sealed; answers how many. @throws SealError */
  reseal(): Promise<number>;
}

export type OpenSecret = RepositorySecret & { value: string };

/** Where nobody says otherwise: not for pull requests, whose author chooses what runs. */
const usualEvents: RepositorySecret['events'] = secretEvents.filter((event) => event !== 'pull_request');

const recordSchema = repositorySecretSchema
  .omit({ name: true })
  .extend({ key: z.string(), data: z.string(), bytes: z.int() });
type Stored = z.infer<typeof recordSchema>;

/** @param lines of the file `secrets-key`, age identities, the newest first */
export function createRepositorySecrets(
  redis: Redis,
  lines: readonly [string, ...string[]],
): RepositorySecrets {
  const sealer = createSealer(lines);

  const readAll = async (repository: string): Promise<Map<string, Stored>> => {
    const found = Object.entries(await ask(redis.hgetall(keys.secrets(repository))));
    return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => [name, parse(text)]));
  };

  return {
    async put(repository, name, value, { setBy, ...given }) {
      const all = await readAll(repository);
      const before = all.get(name);
      all.delete(name);
      const bytes = Buffer.byteLength(value);
      const together = [...all.values()].reduce((sum, each) => sum + each.bytes, bytes);
      if (all.size >= secretLimits.count || together > secretLimits.bytesTogether) return undefined;
      const about = {
        events: given.events ?? before?.events ?? usualEvents,
        branches: given.branches ?? before?.branches,
        setAt: Date.now(),
        setBy,
        bytes,
      };
      const text = await toRecord(sealer, repository, name, about, value);
      await ask(redis.hset(keys.secrets(repository), name, text));
      return repositorySecretSchema.parse({ name, ...about });
    },
    async list(repository) {
      const all = await readAll(repository);
      return [...all].map(([name, stored]) => repositorySecretSchema.parse({ name, ...stored }));
    },
    remove: async (repository, name) => (await ask(redis.hdel(keys.secrets(repository), name))) === 1,
    removeAll: async (repository) => void (await ask(redis.unlink(keys.secrets(repository)))),
    async open(repository, names) {
      if (names.length === 0) return new Map();
      const texts = await ask(redis.hmget(keys.secrets(repository), ...names));
      const found = names.flatMap((name, i) => {
        const text = texts[i];
        return text === null || text === undefined ? [] : [{ name, stored: parse(text) }];
      });
      const opened = found.map(async ({ name, stored }): Promise<[string, OpenSecret]> => {
        const value = await sealer.open(stored, toPlace(repository, name, stored));
        return [name, { ...repositorySecretSchema.parse({ name, ...stored }), value }];
      });
      return new Map(await Promise.all(opened));
    },
    async reseal() {
      let count = 0;
      for await (const found of redis.scanStream({ match: keys.secrets('*') })) {
        for (const key of found as string[]) {
          const repository = key.slice(keys.secrets('').length);
          for (const [name, text] of Object.entries(await ask(redis.hgetall(key)))) {
            const stored = parse(text);
            if (!sealer.isOld(stored)) continue;
            const value = await sealer.open(stored, toPlace(repository, name, stored));
            // One that was set or removed meanwhile stays as it was left.
            const fresh = await toRecord(sealer, repository, name, stored, value);
            await ask(redis.eval(replaceIfSame, 1, key, name, text, fresh) as Promise<unknown>);
            count += 1;
          }
        }
      }
      return count;
    },
  };
}

const replaceIfSame = `
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
`;

async function toRecord(
  sealer: Sealer,
  repository: string,
  name: string,
  about: Omit<Stored, 'key' | 'data'>,
  value: string,
): Promise<string> {
  const { events, branches, setAt, setBy, bytes } = about;
  const sealed = await sealer.seal(value, toPlace(repository, name, about));
  return JSON.stringify({ events, branches, setAt, setBy, bytes, ...sealed });
}

/** Events and branches too: who can write to Redis cannot give a secret to other jobs. */
function toPlace(
  repository: string,
  name: string,
  { events, branches = [] }: Pick<Stored, 'events' | 'branches'>,
): string[] {
  return ['repository secret', repository, name, events.join(), branches.join()];
}

function parse(text: string): Stored {
  return recordSchema.parse(JSON.parse(text));
}
