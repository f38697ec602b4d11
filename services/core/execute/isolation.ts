import { spawn } from 'node:child_process';
import { isAbsolute, join, relative, sep } from 'node:path';
import { untilExit } from './process-group.ts';
import { quote } from './script.ts';

/** How a step is kept from the agent's secrets, and where it sees its job's folder: where it is, without a view. */
export type Isolation = Wall & { view?: View };

/** From the strongest that this machine allows. */
type Wall =
  /** Steps run as a user of their own: neither our files nor our memory can be read. */
  | { kind: 'uid'; uid: number; reason: string }
  /** Steps see neither our processes nor the hidden folder. */
  | { kind: 'namespace'; hide: string; reason: string }
  /** Steps can read what our user can. */
  | { kind: 'none'; reason: string };

/**
 * Steps see a folder at another place: the same one for all agents of a machine. What compilers make holds where it
 * was made, so it is the place that says whose caches a job can use.
 */
export interface View {
  folder: string;
  /** A folder that exists. */
  at: string;
}

export interface IsolationWish {
  /** For steps, where we are root. */
  uid?: number | undefined;
  /** A folder that steps must not see. */
  hide?: string | undefined;
  view?: View | undefined;
}

/** Finds out, once, by trying; takes some 10 ms. A view that the machine refuses is left out. */
export async function probeIsolation({ uid, hide, view }: IsolationWish): Promise<Isolation> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    const viewed = view !== undefined && (await works(toViewed(view, uid, '/', probe))) ? { view } : {};
    if (uid !== undefined) return { kind: 'uid', uid, reason: `steps run as user ${uid}`, ...viewed };
    return { kind: 'none', reason: 'steps run as root, since no user id is set for them', ...viewed };
  }
  if (uid !== undefined) return { kind: 'none', reason: 'only root can give steps a user of their own' };
  if (hide === undefined) return { kind: 'none', reason: 'no folder is set to be hidden from steps' };
  if (process.platform !== 'linux')
    return { kind: 'none', reason: `${process.platform} has no namespaces; steps can read ${hide}` };

  const hidden = {
    kind: 'namespace',
    hide,
    reason: `steps see neither ${hide} nor other processes`,
  } as const;
  if (view !== undefined && (await works(toHidden(hide, view.folder, '/', probe, view))))
    return { ...hidden, view };
  if (await works(toHidden(hide, '/', '/', probe))) return hidden;
  return { kind: 'none', reason: `this machine refuses user namespaces; steps can read ${hide}` };
}

const probe = ['/bin/true'];

async function works([command = '', ...args]: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { stdio: 'ignore', cwd: '/', env: {} });
  // Without unshare (util-linux) on this machine there is no exit code, only an error.
  return (await untilExit(child).catch(() => 127)) === 0;
}

/**
 * @param folder the job's
 * @param cwd in it, where the command is started
 * @returns by what it is started, and as which user, where that is another
 */
export function isolate(
  isolation: Isolation,
  folder: string,
  cwd: string,
  command: readonly string[],
): { command: string[]; uid?: number } {
  const { kind, view } = isolation;
  if (kind === 'namespace') return { command: toHidden(isolation.hide, folder, cwd, command, view) };
  const user = kind === 'uid' ? { uid: isolation.uid } : {};
  if (view === undefined) return { command: [...command], ...user };
  return { command: toViewed(view, user.uid, cwd, command) };
}

/** For root: a command in a mount namespace of its own; who has mounted its view becomes the user afterwards. */
function toViewed(view: View, uid: number | undefined, cwd: string, command: readonly string[]): string[] {
  const become = uid === undefined ? '' : `setpriv --reuid ${uid} --regid ${uid} --clear-groups --`;
  const script = `
set -e
${toViewScript(view, cwd)}
exec ${become} "$@"`;
  return ['unshare', '--mount', '--', '/bin/sh', '-c', script, 'sh', ...command];
}

/**
 * A command that runs in a user, mount and pid namespace where `hide` is an empty folder but for `keep`.
 * The capabilities that mounting needs are dropped before the command starts, and a mount that a process
 * has no right to undo stays.
 */
export function toHidden(
  hide: string,
  keep: string,
  cwd: string,
  command: readonly string[],
  view?: View,
): string[] {
  const script = `
set -e
${toHideScript(hide, keep)}
${view === undefined ? '' : toViewScript(view, cwd)}
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

/** For a shell that may mount. It stands in the view afterwards, where it stood in the folder before. */
function toViewScript(view: View, cwd: string): string {
  return `mount --no-canonicalize --bind ${quote(view.folder)} ${quote(view.at)}
cd ${quote(toViewedPath(cwd, view))}
unset OLDPWD`;
}

/** Where steps see a path. */
export function toViewedPath(path: string, view: View | undefined): string {
  if (view === undefined) return path;
  const inside = relative(view.folder, path);
  return isAbsolute(inside) || inside.split(sep)[0] === '..' ? path : join(view.at, inside);
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
