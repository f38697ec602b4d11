import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ProcessRow {
  pid: number;
  parent: number;
  /** Resident memory. */
  rssBytes: number;
  /** Milliseconds since 1970, to 10 ms; only where /proc tells. */
  startedAt?: number;
  /** Arguments, joined by spaces. */
  command: string;
}

/** All processes of the machine: from /proc on Linux (a small Debian has no ps), else from ps. */
export function readProcesses(platform: NodeJS.Platform): Promise<ProcessRow[]> {
  return platform === 'linux' ? readProc() : readPs();
}

/**
 * The processes that this one has started, where Linux lists them: proc_pid_task(5). Some files in place of
 * three for every process of the machine, so that it can be asked while something is measured.
 */
export async function readChildren(parent: number): Promise<ProcessRow[]> {
  const listed = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '');
  const bootedAt = await readBootTime();
  const rows = await Promise.all(
    listed
      .split(' ')
      .filter((pid) => pid !== '')
      .map((pid) => readProcRow(Number(pid), bootedAt)),
  );
  return rows.filter((row) => row !== undefined);
}

/** `root` itself and all below it, parents before children. */
export function toTree(rows: readonly ProcessRow[], root: number): ProcessRow[] {
  const children = Map.groupBy(rows, (row) => row.parent);
  const tree = rows.filter((row) => row.pid === root);
  for (const row of tree) tree.push(...(children.get(row.pid) ?? []));
  return tree;
}

/** The row itself, its parent and so on, up to the child of `root`; empty where it is not below `root`. */
export function toAncestors(rows: readonly ProcessRow[], pid: number, root: number): ProcessRow[] {
  const byPid = new Map(rows.map((row) => [row.pid, row]));
  const line: ProcessRow[] = [];
  for (let row = byPid.get(pid); row !== undefined && row.pid !== root; row = byPid.get(row.parent))
    line.push(row);
  return byPid.get(line.at(-1)?.parent ?? -1)?.pid === root ? line : [];
}

/** Processes that name `text` in an argument, in their environment or as their folder. */
export async function findNaming(text: string, platform: NodeJS.Platform): Promise<ProcessRow[]> {
  const rows = platform === 'linux' ? await readProc() : await readPs(['-E']);
  const named = await Promise.all(
    rows.map(async (row) => {
      if (row.command.includes(text)) return true;
      if (platform !== 'linux') return false;
      const [environment, folder] = await Promise.all([
        readFile(`/proc/${row.pid}/environ`, 'utf8').catch(() => ''),
        readlink(`/proc/${row.pid}/cwd`).catch(() => ''),
      ]);
      return environment.includes(text) || folder.includes(text);
    }),
  );
  return rows.filter((_, n) => named[n]);
}

async function readProc(): Promise<ProcessRow[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const bootedAt = await readBootTime();
  const rows = await Promise.all(names.map((name) => readProcRow(Number(name), bootedAt)));
  return rows.filter((row) => row !== undefined);
}

/** Both in one moment: the machine's age is the only way from its ticks to the clock. */
async function readBootTime(): Promise<number> {
  const uptime = Number((await readFile('/proc/uptime', 'utf8').catch(() => '')).split(' ')[0]) * 1000;
  return Date.now() - uptime;
}

async function readProcRow(pid: number, bootedAt: number): Promise<ProcessRow | undefined> {
  try {
    const [stat, status, command] = await Promise.all(
      ['stat', 'status', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')),
    );
    return parseProc(pid, { stat, status, command }, bootedAt);
  } catch {
    return undefined; // it has ended since it was listed
  }
}

/** proc(5). A zombie is no process any more: nothing of it runs, and its row waits to be read. */
export function parseProc(
  pid: number,
  { stat = '', status = '', command = '' },
  bootedAt: number,
): ProcessRow | undefined {
  // The name in brackets may hold brackets and spaces itself; `state` is the third field.
  const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === undefined || state === 'Z' || state === 'X') return undefined;
  const ticks = Number(rest[17]); // field 22: clock ticks since boot, 100 a second
  return {
    pid,
    parent: Number(parent),
    rssBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024,
    startedAt: bootedAt + ticks * 10,
    command: command.replaceAll('\0', ' ').trim(),
  };
}

async function readPs(options: readonly string[] = []): Promise<ProcessRow[]> {
  const args = [...options, '-axww', '-o', 'pid=,ppid=,rss=,state=,command='];
  const { stdout } = await promisify(execFile)('ps', args, { maxBuffer: 1 << 26, timeout: 10_000 });
  return parsePs(stdout);
}

export function parsePs(text: string): ProcessRow[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, kilobytes, state, command] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined || state?.startsWith('Z') === true) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        rssBytes: Number(kilobytes) * 1024,
        command: command?.trim() ?? '',
      },
    ];
  });
}

/** The api of the local edition: one bundled file, or its main.ts. */
export function isApi({ command }: ProcessRow): boolean {
  return /(?:^|[\s/])api(?:[-./][\w./-]*)?\.[mc]?[jt]s(?:\s|$)/.test(command);
}

export function isRedis({ command }: ProcessRow): boolean {
  return /(?:^|\/)redis-server\s/.test(command);
}
