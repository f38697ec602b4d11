import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endGroup, untilExit } from './process-group.ts';

export interface GitOptions {
  cwd: string;
  env: Readonly<Record<string, string>>;
  uid?: number | undefined;
  signal: AbortSignal;
}

export interface GitEnd {
  exitCode: number;
  stdout: string;
  /** At most the last 4 KiB. */
  stderr: string;
}

/** Where a clone comes from; the password never stands in the address. */
export interface CloneTarget {
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  /** Whom to ask in the place of all that is below `of`, and with which bearer token. Both end in a slash. */
  through?: { of: string; at: string; token: string } | undefined;
}

export class GitAddressError extends Error {
  override name = 'GitAddressError';
}

/**
 * All that git may know here: no file of the user or the machine, no helper, no hook, no protocol but the
 * address' own. The credentials travel as a header, for this address only, and in the environment, where
 * only our user sees them.
 */
export function toGitEnvironment(target: CloneTarget, home: string, path: string): Record<string, string> {
  const { through } = target;
  const addresses = [target.url, ...(through === undefined ? [] : [through.at])].map(parseAddress);
  const credentials = Buffer.from(`${target.username ?? ''}:${target.password ?? ''}`).toString('base64');
  const settings: [string, string][] = [
    ['protocol.allow', 'never'],
    ...addresses.map(({ protocol }): [string, string] => [`protocol.${protocol}.allow`, 'always']),
    ['protocol.version', '2'],
    ['http.followRedirects', 'false'],
    ['http.lowSpeedLimit', '1'],
    ['http.lowSpeedTime', '60'],
    ['credential.helper', ''],
    ['core.askPass', ''],
    ['core.hooksPath', '/dev/null'],
    ['core.fsmonitor', 'false'],
    ['core.attributesFile', '/dev/null'],
    ['submodule.recurse', 'false'],
    ['fetch.recurseSubmodules', 'false'],
    // One pack in place of a file for each object.
    ['fetch.unpackLimit', '1'],
    // A workspace that a power cut takes is made again.
    ['core.fsync', 'none'],
    ['gc.auto', '0'],
    ['maintenance.auto', 'false'],
    ['advice.detachedHead', 'false'],
    ['filter.lfs.smudge', ''],
    ['filter.lfs.process', ''],
    ['filter.lfs.required', 'false'],
  ];
  if (target.password !== undefined)
    settings.push([`http.${target.url}.extraHeader`, `Authorization: Basic ${credentials}`]);
  if (through !== undefined)
    settings.push(
      [`url.${through.at}.insteadOf`, through.of],
      [`http.${through.at}.extraHeader`, `Authorization: Bearer ${through.token}`],
    );
  return {
    PATH: path,
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(
      settings.flatMap(([key, value], i) => [
        [`GIT_CONFIG_KEY_${i}`, key],
        [`GIT_CONFIG_VALUE_${i}`, value],
      ]),
    ),
  };
}

function parseAddress(url: string): { protocol: 'http' | 'https' } {
  const { protocol, username, password } = new URL(url);
  if (username !== '' || password !== '')
    throw new GitAddressError('an address to clone from must not hold credentials');
  if (protocol === 'http:') return { protocol: 'http' };
  if (protocol === 'https:') return { protocol: 'https' };
  throw new GitAddressError(`cannot clone by ${protocol.slice(0, 20)} expected http or https`);
}

/** Runs git to its end, or to the signal's. @throws the signal's reason. */
export async function runGit(
  args: readonly string[],
  { cwd, env, uid, signal }: GitOptions,
): Promise<GitEnd> {
  signal.throwIfAborted();
  const child = spawn('git', [...args], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const closed = once(child, 'close').catch(() => undefined);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (part: Buffer) => {
    stdout = (stdout + part).slice(0, 64 * 1024);
  });
  child.stderr.on('data', (part: Buffer) => {
    stderr = (stderr + part).slice(-4096);
  });
  const onAbort = () => child.pid !== undefined && void endGroup(child.pid, 2000);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const exitCode = await untilExit(child);
    await closed;
    signal.throwIfAborted();
    return { exitCode, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
