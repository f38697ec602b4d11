import type { Redis } from 'ioredis';
import { type Cron, cronSchema, type Fired, firedSchema } from '../job/index.ts';
import { toQueueError } from './error.ts';
import { toKey } from './keys.ts';
import { createRunner } from './run-script.ts';
import { noteFired, removeCrons } from './scripts/cron.ts';

export interface KnownCron {
  cron: Cron;
  /** Absent: it was never due. */
  fired?: Fired;
}

/** The crons of repositories (`crons` HASH), and what became of them (`fired` HASH). */
export interface Crons {
  put(cron: Cron): Promise<void>;
  /** By repository and name. @default of all repositories */
  list(repository?: string): Promise<KnownCron[]>;
  /** @returns false where there is none of this name */
  remove(repository: string, name: string): Promise<boolean>;
  removeAll(repository: string): Promise<void>;
  /** An older time, told late, changes nothing; nor does one of a cron that is gone. */
  note(repository: string, name: string, fired: Fired): Promise<void>;
}

export function createCrons({ commands }: { commands: Redis }): Crons {
  const run = createRunner(commands);
  const keys = [toKey('crons'), toKey('fired')];
  const guard = <T>(what: string, answer: Promise<T>) =>
    answer.catch((error: unknown) => {
      throw toQueueError(what, error);
    });
  const readAll = async () => {
    const texts = await guard('list crons', commands.hgetall(toKey('crons')));
    return Object.values(texts).map((text) => cronSchema.parse(JSON.parse(text)));
  };
  const removeThose = async (repository: string, crons: readonly Pick<Cron, 'name'>[]) =>
    crons.length === 0
      ? 0
      : Number(
          await run(
            removeCrons,
            crons.map(({ name }) => toField(repository, name)),
            keys,
          ),
        );

  return {
    async put(cron) {
      const text = JSON.stringify(cronSchema.parse(cron));
      await guard('put cron', commands.hset(toKey('crons'), toField(cron.repository, cron.name), text));
    },
    async list(repository) {
      const all = await readAll();
      const crons = all.filter((cron) => repository === undefined || cron.repository === repository);
      if (crons.length === 0) return [];
      const fields = crons.map((cron) => toField(cron.repository, cron.name));
      const texts = await guard('list crons', commands.hmget(toKey('fired'), ...fields));
      return crons
        .map((cron, at): KnownCron => {
          const text = texts[at];
          return { cron, ...(typeof text === 'string' ? { fired: parseFired(text) } : {}) };
        })
        .sort((a, b) =>
          toField(a.cron.repository, a.cron.name) < toField(b.cron.repository, b.cron.name) ? -1 : 1,
        );
    },
    remove: async (repository, name) => (await removeThose(repository, [{ name }])) === 1,
    async removeAll(repository) {
      await removeThose(
        repository,
        (await readAll()).filter((cron) => cron.repository === repository),
      );
    },
    async note(repository, name, fired) {
      await run(noteFired, [toField(repository, name), fired.dueAt, JSON.stringify(fired)], keys);
    },
  };
}

/** Neither has a space. */
function toField(repository: string, name: string): string {
  return `${repository} ${name}`;
}

/** `<when it was due> <JSON>` */
function parseFired(text: string): Fired {
  return firedSchema.parse(JSON.parse(text.slice(text.indexOf(' ') + 1)));
}
