import {
  CheckoutError,
  type Commit,
  CommitGoneError,
  checkout,
  createWorkspace,
  probeIsolation,
  type Workspace,
} from '../core/execute/index.ts';
import type { Completion, Outcome } from '../core/job/index.ts';
import { cloneStep } from '../core/pipeline/index.ts';
import type { Ending } from './ending.ts';
import type { JobSetting } from './job-setting.ts';
import type { Steps } from './run-steps.ts';

/**
 * Fetches, plans and runs one job. Never rejects: what the author's files and commands did is a failure,
 * all other trouble an error, which is worth another attempt.
 */
export async function runJob(setting: JobSetting): Promise<Completion> {
  const { ending, reporter } = setting;
  try {
    return toOutcome(await run(setting), ending);
  } catch (error) {
    if (ending.cause !== undefined) return toEarlyOutcome(ending);
    const reason = toLine(error);
    const isGone = error instanceof CommitGoneError;
    if (isGone || error instanceof CheckoutError) await reporter.write(cloneStep, Buffer.from(`${reason}\n`));
    return { outcome: isGone ? 'failure' : 'error', reason };
  }
}

async function run(setting: JobSetting): Promise<Ran> {
  const { folder, place, uid, hide, log } = setting;
  const workspace = createWorkspace(folder, uid);
  const view = place === undefined ? undefined : { folder, at: place };
  const isolation = probeIsolation({ uid, hide, view });
  void isolation.then(({ kind, reason }) => log.info({ kind, reason }, 'isolation'));
  const { promise: gitWorks, resolve: onGit } = Promise.withResolvers<void>();
  // Loading keeps everything else waiting, so git is on its way first.
  const opening = gitWorks.then(async () => {
    await log.open();
    const { openSteps } = await import('./run-steps.ts');
    return openSteps(setting, workspace, isolation);
  });
  opening.catch(() => undefined); // whoever needs them hears of it
  try {
    const commit = await fetch(setting, workspace, onGit);
    return await (await opening).run(commit);
  } finally {
    onGit();
    await (await opening).close();
  }
}

/** @param meanwhile called when git works */
async function fetch(
  { claim: { spec }, target, uid, path, reporter, ending, measured }: JobSetting,
  workspace: Workspace,
  meanwhile: () => void,
): Promise<Commit> {
  const { signal } = ending;
  const startedAt = performance.now();
  await reporter.step({ name: cloneStep, state: 'running' });
  let commit: Commit;
  try {
    const { ref, sha } = spec;
    commit = await checkout({ target, ref, sha, workspace, path, uid, signal, meanwhile });
  } catch (error) {
    await reporter.step({ name: cloneStep, state: signal.aborted ? 'cancelled' : 'failure' });
    throw error;
  }
  measured.cloneMs = Math.round(performance.now() - startedAt);
  await reporter.step({ name: cloneStep, state: 'success' });
  return commit;
}

type Ran = Awaited<ReturnType<Steps['run']>>;

function toOutcome(end: Ran, ending: Ending): Completion {
  if (end.outcome === 'aborted') return toEarlyOutcome(ending);
  return end;
}

function toEarlyOutcome({ cause, reason }: Ending): Outcome {
  switch (cause) {
    case 'cancelled':
      return { outcome: 'cancelled' };
    case 'timeout':
      return { outcome: 'timeout', ...(reason === undefined ? {} : { reason }) };
    case 'silent':
      return {
        outcome: 'error',
        reason:
          'a step that reaches out was ended: the api did not answer, and the job might have been given to another',
      };
    default:
      return { outcome: 'error', reason: 'its agent was asked to stop' };
  }
}

const toLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 2000);
