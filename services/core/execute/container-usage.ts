import { existsSync, type FSWatcher, readFileSync, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { StepEnd } from './engine.ts';

export type Usage = Pick<StepEnd, 'cpuMs' | 'peakBytes'>;

/**
 * Tells what containers have used, as their cgroups count it, by files alone, which anybody may read on the machine that
 * runs them. A cgroup goes right after the last process in it: it is read when the kernel says that there is none, which
 * is exact; and now and then before, where the machine is so busy that we hear of it too late.
 */
export interface ContainerMeter {
  /** @param idFile where the command line writes the id of a container that it starts */
  watch(idFile: string): UsageWatch;
}

export interface UsageWatch {
  /** Nothing where the container has not run, or is not of this machine. */
  stop(): Usage;
}

interface Hierarchy {
  root: string;
  memory: string;
  peakFile: string;
}

/** cgroups(7): version 2, or the part of it that stands beside version 1. */
const hierarchies: readonly Hierarchy[] = [
  { root: '/sys/fs/cgroup', memory: '/sys/fs/cgroup', peakFile: 'memory.peak' },
  {
    root: '/sys/fs/cgroup/unified',
    memory: '/sys/fs/cgroup/memory',
    peakFile: 'memory.max_usage_in_bytes',
  },
];

const firstLookMs = 20;
const longestMs = 500;
const againMs = 100;

/** Undefined where this machine has no such cgroups. */
export function createContainerMeter(): ContainerMeter | undefined {
  const hierarchy = hierarchies.find(({ root }) => existsSync(join(root, 'cgroup.controllers')));
  return hierarchy && toMeter(hierarchy);
}

function toMeter(hierarchy: Hierarchy): ContainerMeter {
  /** Of the first container that was found: the others of a job are beside it. */
  let place: ((id: string) => string) | undefined;
  const find = async (id: string): Promise<string | undefined> => {
    if (place !== undefined) return existsSync(place(id)) ? place(id) : undefined;
    const found = await findFolder(hierarchy.root, id);
    if (found !== undefined) place = (other) => join(dirname(found), basename(found).replace(id, other));
    return found;
  };

  return {
    watch: (idFile) => {
      let usage: Usage = {};
      let folder: string | undefined;
      let watcher: FSWatcher | undefined;
      let isOver = false;
      let waitMs = firstLookMs;
      let timer = later();

      function later(): NodeJS.Timeout {
        return setTimeout(() => void begin(), waitMs).unref();
      }
      async function begin() {
        const id = read(idFile);
        if (id !== undefined && id !== '') {
          folder = await find(id);
          // To search all of them costs more than one look.
          if (place === undefined) waitMs = Math.min(waitMs * 1.5, longestMs);
        }
        if (!isOver && (folder === undefined || !follow(folder))) timer = later();
      }
      function follow(found: string): boolean {
        try {
          // cgroup-v2.rst: it is told when its last process goes ("populated").
          watcher = watch(join(found, 'cgroup.events'), look).on('error', () => undefined);
        } catch {
          return false; // gone
        }
        timer = setInterval(look, againMs).unref();
        look();
        return true;
      }
      function look() {
        if (folder !== undefined) usage = readUsage(folder, hierarchy) ?? usage;
      }
      return {
        stop: () => {
          look();
          isOver = true;
          clearTimeout(timer);
          watcher?.close();
          return usage;
        },
      };
    },
  };
}

/** Of what has run; nothing of what has only been made. */
function readUsage(folder: string, { root, memory, peakFile }: Hierarchy): Usage | undefined {
  const [, time] = /^usage_usec (\d+)$/m.exec(read(join(folder, 'cpu.stat')) ?? '') ?? [];
  if (time === undefined || time === '0') return undefined;
  const peak = read(join(memory, relative(root, folder), peakFile));
  return {
    cpuMs: Math.round(Number(time) / 1000),
    ...(peak === undefined ? {} : { peakBytes: Number(peak) }),
  };
}

/** Those of a busy machine, more than once. */
const mostFolders = 10_000;

/** The cgroup that is called after a container, wherever its daemon puts them; undefined where there is none. */
async function findFolder(root: string, id: string): Promise<string | undefined> {
  const folders = [root];
  for (let i = 0; i < folders.length && i < mostFolders; i++) {
    const folder = folders[i] ?? root;
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []); // gone meanwhile
    const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
    const found = below.find((each) => basename(each).includes(id));
    if (found !== undefined) return found;
    folders.push(...below);
  }
  return undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined; // not there yet, or no more
  }
}
