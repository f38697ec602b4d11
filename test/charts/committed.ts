import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Files } from '../../charts/constructs/unit.ts';
import { writeTree } from '../../charts/constructs/write.ts';

export const root = join(import.meta.dirname, '..', '..');

/** Every file below a folder of the repository, by its path in there. */
export function readTree(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.sort().map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}

/** A committed folder is byte for byte what is made now; with `npm test -- -u` it is made anew. */
export function expectCommitted(folder: string, made: Files): void {
  const absolute = join(root, folder);
  if (isUpdating()) writeTree(absolute, made);
  expect(Object.fromEntries(readTree(absolute))).toEqual(Object.fromEntries(made));
}

export function isUpdating(): boolean {
  // What `-u` sets; jest tells it to nobody else.
  const { snapshotState } = expect.getState() as { snapshotState?: { _updateSnapshot?: string } };
  return snapshotState?._updateSnapshot === 'all';
}
