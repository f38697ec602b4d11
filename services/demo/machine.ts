import { setTimeout as delay } from 'node:timers/promises';
import {
  findNaming,
  type ProcessRow,
  readChildren,
  readProcesses,
  toAncestors,
  toTree,
} from './processes.ts';

/** The processes of one edition, and nobody else's. */
export interface Machine {
  /** The edition's first process and all below it. */
  tree(): Promise<ProcessRow[]>;
  /** What the edition's first process has started, where the machine lists it. */
  children(): Promise<ProcessRow[]>;
  /** All of the whole machine that have to do with the scratch folder. */
  remains(): Promise<ProcessRow[]>;
  /** Of these, the ones that still run when that long has passed; at once when none does. */
  left(rows: readonly ProcessRow[], graceMs: number): Promise<ProcessRow[]>;
  /** A process of the tree, as soon as there is one. */
  find(what: string, is: (row: ProcessRow) => boolean): Promise<ProcessRow>;
  /** The child of the edition's first process that this one descends from. */
  ancestor(row: ProcessRow): Promise<ProcessRow | undefined>;
  /** SIGKILL, only within the tree. */
  kill(row: ProcessRow): Promise<void>;
}

export interface MachineOptions {
  root: number;
  /** The scratch folder. */
  folder: string;
  platform: NodeJS.Platform;
  kill(pid: number, signal: NodeJS.Signals): void;
  findLimitMs?: number;
}

export function createMachine({
  root,
  folder,
  platform,
  kill,
  findLimitMs = 20_000,
}: MachineOptions): Machine {
  const tree = async () => toTree(await readProcesses(platform), root);
  return {
    tree,
    children: () => readChildren(root),
    remains: () => findNaming(folder, platform),
    left: async (rows, graceMs) => {
      for (const until = performance.now() + graceMs; ; await delay(10)) {
        const now = new Map((await readProcesses(platform)).map((row) => [row.pid, row]));
        // A number may have been given to somebody else since.
        const left = rows.filter((row) => now.get(row.pid)?.command === row.command);
        if (left.length === 0 || performance.now() >= until) return left;
      }
    },
    find: async (what, is) => {
      for (const until = performance.now() + findLimitMs; ; await delay(10)) {
        const rows = await tree();
        const found = rows.find(is);
        if (found !== undefined) return found;
        if (rows.length === 0) throw new Error('the edition has ended');
        if (performance.now() > until)
          throw new Error(`no process of the edition is ${what} after ${findLimitMs / 1000} s`);
      }
    },
    ancestor: async (row) => toAncestors(await readProcesses(platform), row.pid, root).at(-1),
    kill: async (row) => {
      // Not by its command line: Redis gives itself another one once it has started.
      if (!(await tree()).some(({ pid }) => pid === row.pid))
        throw new Error(`process ${row.pid} (${row.command}) is not of this edition: it is left alone`);
      kill(row.pid, 'SIGKILL');
    },
  };
}
