import { rename, rm, writeFile } from 'node:fs/promises';

/** Who runs for this data folder: for a person with a question, and for whoever tests crashes. */
export interface Processes {
  up: number;
  redis?: number | undefined;
  api?: number | undefined;
  agents: { name: string; pid?: number | undefined }[];
}

export interface ProcessesFile {
  set(change: Partial<Processes>): void;
  /** Resolves when the file says what was set last. */
  written(): Promise<void>;
  /** Removes the file, after what is still being written. */
  remove(): Promise<void>;
}

/** Keeps a file (mode 0600) in step with who runs. Not on disk for good: a crash makes it void anyway. */
export function createProcessesFile(file: string, up: number): ProcessesFile {
  let now: Processes = { up, agents: [] };
  let dirty = false;
  let writing: Promise<void> | undefined;

  async function write(): Promise<void> {
    while (dirty) {
      dirty = false;
      await writeFile(`${file}.new`, `${JSON.stringify(now)}\n`, { mode: 0o600 });
      await rename(`${file}.new`, file);
    }
    writing = undefined;
  }

  return {
    set: (change) => {
      now = { ...now, ...change };
      dirty = true;
      writing ??= write().catch(() => undefined);
    },
    written: async () => writing,
    remove: async () => {
      await writing;
      await rm(file, { force: true });
    },
  };
}
