import * as z from 'zod';
import { askRepository, type ForgeAccess, type RestAnswer, RestError, toWhy } from './rest.ts';

export interface PullComment {
  /** `owner/name` */
  repository: string;
  pull: number;
  /** What the body begins with: by it the comment is found again. */
  marker: string;
  /** Markdown. */
  body: string;
}

const commentsSchema = z.array(z.object({ id: z.int().positive(), body: z.string() }));
const perPage = 100;
const mostPages = 30;

/**
 * Writes the one comment of a pull request, or what it now says: list, `PATCH` or `POST` below `/issues`, alike at
 * Gitea and GitHub. One that somebody else wrote with the same beginning cannot be changed, and is left alone.
 *
 * @throws RestError where the forge does not take it, with what it said
 */
export async function putComment(access: ForgeAccess, comment: PullComment): Promise<'written' | 'changed'> {
  const { repository, pull, marker, body } = comment;
  const list = `/issues/${pull}/comments`;
  for (const id of await findComments(access, repository, list, marker)) {
    const answer = await askRepository(access, repository, `/issues/comments/${id}`, {
      method: 'PATCH',
      body: { body },
    });
    if (isFine(answer)) return 'changed';
    if (answer.status !== 403 && answer.status !== 404) throw toError(answer, repository, pull);
  }
  const answer = await askRepository(access, repository, list, { method: 'POST', body: { body } });
  if (!isFine(answer)) throw toError(answer, repository, pull);
  return 'written';
}

async function findComments(
  access: ForgeAccess,
  repository: string,
  list: string,
  marker: string,
): Promise<number[]> {
  const found: number[] = [];
  for (let page = 1; page <= mostPages; page++) {
    // Gitea has no pages here, and answers all of them to each.
    const query = access.forge === 'gitea' ? '' : `?per_page=${perPage}&page=${page}`;
    const answer = await askRepository(access, repository, list + query, { maxBytes: 32 << 20 });
    if (!isFine(answer)) throw new RestError(`the comments cannot be read: ${toWhy(answer)}`);
    const parsed = commentsSchema.safeParse(JSON.parse(answer.body.toString()));
    if (!parsed.success) throw new RestError('the comments cannot be read: that is no list of comments');
    found.push(...parsed.data.filter(({ body }) => body.startsWith(marker)).map(({ id }) => id));
    if (access.forge === 'gitea' || parsed.data.length < perPage) break;
  }
  return found;
}

const isFine = ({ status }: RestAnswer) => status >= 200 && status < 300;

function toError(answer: RestAnswer, repository: string, pull: number): RestError {
  return new RestError(`the comment of ${repository}#${pull} is not taken: ${toWhy(answer)}`);
}
