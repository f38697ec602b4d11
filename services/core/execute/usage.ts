import { readFileSync } from 'node:fs';

/** proc(5): in clock ticks, which are hundredths of a second on every Linux. */
const tickMs = 10;

/**
 * Processor time of children that have ended, with all that they waited for. The kernel counts it in one sum
 * when a child is waited for, so it is read right then: at the child's `exit`.
 *
 * @returns milliseconds since it was asked last; undefined where the kernel does not tell (not Linux)
 */
export function createCpuMeter(): () => number | undefined {
  let last = readChildren();
  return () => {
    const now = readChildren();
    const used = now === undefined || last === undefined ? undefined : now - last;
    last = now;
    return used;
  };
}

function readChildren(): number | undefined {
  const fields = readStat('self');
  // cutime and cstime, the 16th and 17th; the 3rd is the first after the name.
  const ticks = Number(fields?.[13]) + Number(fields?.[14]);
  return Number.isNaN(ticks) ? undefined : ticks * tickMs;
}

/** The first look, each later one after twice the time of the one before, up to the longest. */
const firstLookMs = 50;
const longestMs = 500;

export interface MemoryWatch {
  /** The most that was seen, bytes; undefined where nobody looked in time. */
  stop(): number | undefined;
}

/**
 * Looks now and then at how much memory a process and all below it have. What they share is counted once, as
 * what the largest has of it.
 */
export function watchMemory(pid: number): MemoryWatch {
  let peak: number | undefined;
  let waitMs = firstLookMs;
  let timer = setTimeout(look, waitMs);
  timer.unref();
  function look() {
    const now = readMemory(pid);
    if (now !== undefined) peak = Math.max(peak ?? 0, now);
    waitMs = Math.min(waitMs * 2, longestMs);
    timer = setTimeout(look, waitMs);
    timer.unref();
  }
  return {
    stop: () => {
      clearTimeout(timer);
      return peak;
    },
  };
}

/** Of a fork bomb the first ones are enough. */
const mostProcesses = 1000;

/** What a process and all below it have now, bytes; undefined where it is gone, or this is no Linux. */
export function readMemory(pid: number): number | undefined {
  let own = 0;
  let shared = 0;
  const found = [pid];
  for (let i = 0; i < found.length && i < mostProcesses; i++) {
    const each = found[i];
    const [, resident = 0, common = 0] = read(`/proc/${each}/statm`)?.split(' ').map(Number) ?? [];
    own += Math.max(0, resident - common);
    shared = Math.max(shared, common);
    const children = read(`/proc/${each}/task/${each}/children`)?.trim().split(' ') ?? [];
    found.push(...children.filter((child) => child !== '').map(Number));
  }
  const pages = own + shared;
  return pages === 0 ? undefined : pages * pageBytes();
}

let page: number | undefined;

/** The auxiliary vector says it (getauxval(3)): type 6, in words of the machine. */
function pageBytes(): number {
  page ??= readPageBytes();
  return page;
}

function readPageBytes(): number {
  try {
    const vector = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= vector.length; at += 16)
      if (vector.readBigUInt64LE(at) === 6n) return Number(vector.readBigUInt64LE(at + 8));
  } catch {
    // Without it, what nearly every machine has.
  }
  return 4096;
}

function readStat(of: string): string[] | undefined {
  const text = read(`/proc/${of}/stat`);
  // The name stands in parentheses, and may hold some itself.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // gone, or no Linux
  }
}
