import { type ForgeAccess, originSchema } from '../../../services/core/forge/index.ts';

/** A pull request, and the means to comment on it. */
export interface Pull {
  readonly access: ForgeAccess;
  /** `owner/name` */
  readonly repository: string;
  readonly number: number;
}

/** It is not known where to, or with what. */
export class PullError extends Error {
  override name = 'PullError';
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The pull request of an address, or that for which this pipeline runs: the variables of Bellows and Woodpecker, of
 * GitHub Actions, and of Gitea's, which calls them alike. The token never is an argument, which everybody could read.
 *
 * @param address `https://git.home.arpa/me/platform/pulls/12`, `https://github.com/me/platform/pull/12`
 * @throws PullError saying what is missing
 */
export function toPull(address: string | undefined, env: Env): Pull {
  const { forge, origin, repository, number } = address === undefined ? fromEnv(env) : fromAddress(address);
  const token = env.FORGE_TOKEN ?? env.GITHUB_TOKEN ?? env.GITEA_TOKEN;
  if (token === undefined || token === '')
    throw new PullError('no token to comment with; put one into FORGE_TOKEN');
  const parsed = originSchema.safeParse(origin);
  if (!parsed.success)
    throw new PullError(
      'the forge has no usable address; expected https:// with a host, without credentials',
    );
  return { access: { forge, origin: parsed.data, token }, repository, number };
}

interface Place {
  readonly forge: 'gitea' | 'github';
  readonly origin: string;
  readonly repository: string;
  readonly number: number;
}

function fromAddress(address: string): Place {
  const [, origin = '', repository = '', word, number = ''] =
    /^(https?:\/\/.+?)\/([\w.-]+\/[\w.-]+)\/(pulls?)\/([1-9]\d{0,8})$/.exec(address) ?? [];
  if (word === undefined)
    throw new PullError(
      `${address} is no address of a pull request; expected one such as https://git.home.arpa/me/platform/pulls/12`,
    );
  return { forge: word === 'pull' ? 'github' : 'gitea', origin, repository, number: Number(number) };
}

function fromEnv(env: Env): Place {
  const action = /^refs\/pull\/([1-9]\d{0,8})\//.exec(env.GITHUB_REF ?? '')?.[1];
  if (action !== undefined)
    return {
      forge: env.GITEA_ACTIONS === 'true' ? 'gitea' : 'github',
      origin: env.GITHUB_SERVER_URL ?? '',
      repository: env.GITHUB_REPOSITORY ?? '',
      number: Number(action),
    };
  const own = /^[1-9]\d{0,8}$/.exec(env.CI_COMMIT_PULL_REQUEST ?? '')?.[0];
  if (own === undefined)
    throw new PullError('this is no pipeline of a pull request; give its address: --pull <address>');
  return {
    forge: env.CI_FORGE_TYPE === 'github' ? 'github' : 'gitea',
    origin: env.CI_FORGE_URL ?? '',
    repository: env.CI_REPO ?? '',
    number: Number(own),
  };
}
