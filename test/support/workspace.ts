import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorkspace, type Workspace } from '../../services/core/execute/index.ts';
import { type PlannedStep, stepDefaults } from '../../services/core/pipeline/index.ts';

/** A job's folders, which end with the test. */
export async function openWorkspace(): Promise<Workspace & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-test-job-'));
  const workspace = createWorkspace(folder);
  return { ...workspace, close: () => rm(folder, { recursive: true, force: true }) };
}

export function toStep(commands: string[], given: Partial<PlannedStep> = {}): PlannedStep {
  return { ...stepDefaults, name: 'test', commands, ...given } as PlannedStep;
}

/** Keeps what was written, and tells who waits for it. */
export function createOutput() {
  let text = '';
  const waiters = new Set<() => void>();
  return {
    get text() {
      return text;
    },
    write: (bytes: Uint8Array) => {
      text += Buffer.from(bytes).toString('latin1');
      for (const wake of waiters) wake();
    },
    /** Resolves when the text holds this. */
    until: (wanted: string): Promise<void> =>
      new Promise((resolve) => {
        const check = () => {
          if (!text.includes(wanted)) return;
          waiters.delete(check);
          resolve();
        };
        waiters.add(check);
        check();
      }),
  };
}
