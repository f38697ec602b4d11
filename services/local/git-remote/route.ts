/** The two programs behind a git remote (gitprotocol-http(5)). */
export type Service = 'git-upload-pack' | 'git-receive-pack';

export interface Route {
  /** `owner/name` */
  repository: string;
  service: Service;
  /** What is asked: where the refs stand, or the exchange itself. */
  step: 'refs' | 'exchange';
}

// The same names as a repository's id has, and neither may end as git's own suffix or lock files do.
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,98}\/[A-Za-z0-9_][A-Za-z0-9._-]{0,98}$/;

/** True for an `owner/name` that may become a folder. */
export function isRepositoryName(name: string): boolean {
  if (!namePattern.test(name)) return false;
  return name.split('/').every((part) => !part.includes('..') && !/\.(?:git|lock)$|\.$/i.test(part));
}

/**
 * Reads a request line. The path is compared as it came: nothing is decoded, so nothing can be hidden
 * in an escape; git never sends one for these names.
 *
 * @returns undefined for everything but the smart protocol's own three addresses
 */
export function parseRoute(method: string, url: string): Route | undefined {
  const [, repository, tail] = /^\/([^/?]+\/[^/?]+)\.git\/(.+)$/.exec(url) ?? [];
  if (repository === undefined || !isRepositoryName(repository)) return undefined;
  if (method === 'GET') {
    const [, service] = /^info\/refs\?service=(git-(?:upload|receive)-pack)$/.exec(`${tail}`) ?? [];
    return isService(service) ? { repository, service, step: 'refs' } : undefined;
  }
  if (method === 'POST' && isService(tail)) return { repository, service: tail, step: 'exchange' };
  return undefined;
}

function isService(text: string | undefined): text is Service {
  return text === 'git-upload-pack' || text === 'git-receive-pack';
}
