import { spawn } from 'node:child_process';
import { untilExit } from './process-group.ts';
import { quote } from './script.ts';

/** How a step is kept from the agent's secrets, from the strongest that this machine allows. */
export type Isolation =
  /** Steps run as a user of their own: neither our files nor our memory can be read. */
  | { kind: 'uid'; uid: number; reason: string }
  /** Steps see neither our processes nor the hidden folder. */
  | { kind: 'namespace'; hide: string; reason: string }
  /** Steps can read what our user can. */
  | { kind: 'none'; reason: string };

export interface IsolationWish {
  /** For steps, where we are root. */
  uid?: number | undefined;
  /** A folder that steps must not see. */
  hide?: string | undefined;
}

/** Finds out, once, by trying; takes some 10 ms. */
export async function probeIsolation({ uid, hide }: IsolationWish): Promise<Isolation> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot && uid !== undefined) return { kind: 'uid', uid, reason: `steps run as user ${uid}` };
  if (isRoot) return { kind: 'none', reason: 'steps run as root, since no user id is set for them' };
  if (uid !== undefined) return { kind: 'none', reason: 'only root can give steps a user of their own' };
  if (hide === undefined) return { kind: 'none', reason: 'no folder is set to be hidden from steps' };
  if (process.platform !== 'linux')
    return { kind: 'none', reason: `${process.platform} has no namespaces; steps can read ${hide}` };

  const [command = '', ...args] = toHidden(hide, '/', ['/bin/true']);
  const child = spawn(command, args, { stdio: 'ignore', cwd: '/', env: {} });
  // Without unshare (util-linux) on this machine there is no exit code, only an error.
  const exitCode = await untilExit(child).catch(() => 127);
  return exitCode === 0
    ? { kind: 'namespace', hide, reason: `steps see neither ${hide} nor other processes` }
    : { kind: 'none', reason: `this machine refuses user namespaces; steps can read ${hide}` };
}

/**
 * A command that runs in a user, mount and pid namespace where `hide` is an empty folder but for `keep`.
 * The capabilities that mounting needs are dropped before the command starts, and a mount that a process
 * has no right to undo stays.
 */
export function toHidden(hide: string, keep: string, command: readonly string[]): string[] {
  const script = `
set -e
${toHideScript(hide, keep)}
exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs -- "$@"`;
  return [
    'unshare',
    '--user',
    '--map-current-user',
    '--keep-caps',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--',
    '/bin/sh',
    '-c',
    script,
    'sh',
    ...command,
  ];
}

/** For a shell that may mount: `hide` becomes an empty folder but for `keep`. */
export function toHideScript(hide: string, keep: string): string {
  return `cd ${quote(keep)}
mount -t tmpfs -o mode=0700,size=1m bellows ${quote(hide)}
case ${quote(`${keep}/`)} in ${quote(`${hide}/`)}*)
  mkdir -p ${quote(keep)}
  mount --no-canonicalize --bind . ${quote(keep)}
esac
cd "$OLDPWD"
unset OLDPWD`;
}
