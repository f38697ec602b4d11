import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** As `shim.c` has it: two numbers, then rows of two. */
const rows = 500;
const pageBytes = 16 + 16 * rows;

/** Builds the shim; undefined where there is no C compiler, or no LD_PRELOAD. */
export async function buildShim(folder: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const file = join(folder, 'shim.so');
  const args = ['-O2', '-shared', '-fPIC', '-o', file, join(import.meta.dirname, 'shim.c')];
  return promisify(execFile)('cc', args).then(
    () => file,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
}

/** The page through which the shim of one process is steered. */
export interface ShimPage {
  env: Record<string, string>;
  /** From now on; 0 is the real time. */
  setClock(offsetMs: number): void;
  /** Bytes that may still be written to files; undefined for as many as there is room for. */
  setRoom(bytes: number | undefined): void;
  /** What is there now will be there after a power cut, and else what is synced from now on. */
  forgetSyncs(files: readonly string[]): void;
  /** How much of a file a power cut leaves; undefined where nothing of it was ever synced. */
  synced(file: string): number | undefined;
  close(): void;
}

export function openShimPage(shim: string, file: string): ShimPage {
  const bytes = Buffer.alloc(pageBytes);
  bytes.writeBigInt64LE(-1n, 8);
  writeFileSync(file, bytes);
  const fd = openSync(file, 'r+');
  const put = (value: bigint, at: number) => {
    const number = Buffer.alloc(8);
    number.writeBigInt64LE(value);
    writeSync(fd, number, 0, 8, at);
  };
  return {
    env: { LD_PRELOAD: shim, CHAOS_PAGE: file },
    setClock: (offsetMs) => put(BigInt(offsetMs) * 1000n, 0),
    setRoom: (room) => put(BigInt(room ?? -1), 8),
    forgetSyncs: (files) => {
      const table = Buffer.alloc(16 * rows);
      for (const [row, name] of files.entries()) {
        const { ino, size } = statSync(name, { bigint: true });
        table.writeBigUInt64LE(ino, 16 * row);
        table.writeBigInt64LE(size, 16 * row + 8);
      }
      writeSync(fd, table, 0, table.length, 16);
    },
    synced: (name) => {
      const table = Buffer.alloc(16 * rows);
      readSync(fd, table, 0, table.length, 16);
      const { ino } = statSync(name, { bigint: true });
      for (let at = 0; at < table.length; at += 16)
        if (table.readBigUInt64LE(at) === ino) return Number(table.readBigInt64LE(at + 8));
      return undefined;
    },
    close: () => closeSync(fd),
  };
}
