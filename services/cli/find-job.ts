import type { ApiClient } from '../core/client/index.ts';
import type { Job } from '../core/job/index.ts';
import { CommandError, exitCodes } from './failure.ts';

const shortest = 8;
const pageSize = 100;
const pages = 10;

/** As much of an id as tells jobs apart on a screen; any beginning is understood as an argument. */
export function toShortId(id: string): string {
  return id.slice(0, shortest);
}

/**
 * The id that a person means: a whole one, the beginning of one of the newest thousand, the address of its
 * page, or, where nothing was given, that of the newest job.
 */
export async function findJob(client: ApiClient, given: string | undefined): Promise<string> {
  if (given === undefined) return findNewest(client);
  const word = /\/jobs\/([0-9a-f]{20})$/.exec(given)?.[1] ?? given.toLowerCase();
  if (/^[0-9a-f]{20}$/.test(word)) return word;
  if (!/^[0-9a-f]{1,19}$/.test(word))
    throw new CommandError(
      exitCodes.usage,
      `"${given}" is not a job id: expected up to 20 hex digits, as ./bellows jobs shows them`,
    );
  return findByBeginning(client, word);
}

async function findNewest(client: ApiClient): Promise<string> {
  const [job] = (await client.jobs({ limit: 1 })).jobs;
  if (job !== undefined) return job.id;
  throw new CommandError(exitCodes.failure, 'there is no job yet: push something, or use ./bellows trigger');
}

async function findByBeginning(client: ApiClient, beginning: string): Promise<string> {
  const found: Job[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pages; page++) {
    const { jobs, next } = await client.jobs({
      limit: pageSize,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...jobs.filter(({ id }) => id.startsWith(beginning)));
    cursor = next;
    if (cursor === undefined) break;
  }
  const [job, ...others] = found;
  if (job === undefined)
    throw new CommandError(
      exitCodes.failure,
      `no job's id begins with "${beginning}": ./bellows jobs lists them (of old ones, give the whole id)`,
    );
  if (others.length === 0) return job.id;
  const ids = found.slice(0, 5).map(({ id }) => id);
  throw new CommandError(
    exitCodes.usage,
    `"${beginning}" begins the ids of ${found.length} jobs: ${ids.join(', ')}${found.length > 5 ? ', …' : ''}`,
  );
}
