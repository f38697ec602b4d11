import type { ApiClient } from '../core/client/index.ts';
import { CommandError, exitCodes } from './failure.ts';

/** The id that a person means: a whole one, or the `owner/name` or name of one registered repository. */
export async function findRepository(client: ApiClient, given: string): Promise<string> {
  if (given.split('/').length === 3) return given;
  const { repositories } = await client.repositories();
  const found = repositories.map(({ id }) => id).filter((id) => id.endsWith(`/${given}`));
  const [id, ...others] = found;
  if (id === undefined)
    throw new CommandError(
      exitCodes.failure,
      `no registered repository is called "${given}": ./bellows repo list shows them`,
    );
  if (others.length === 0) return id;
  throw new CommandError(exitCodes.usage, `"${given}" may be any of ${found.join(', ')}: give the whole id`);
}
