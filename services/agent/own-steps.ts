import type { Isolation, OwnSteps, StepEnd, StepRun, Workspace } from '../core/execute/index.ts';
import type { JobSetting } from './job-setting.ts';

/** As a process that was told to end. */
const terminated: StepEnd = { exitCode: 143 };

type OwnSetting = Pick<JobSetting, 'claim' | 'uid' | 'path' | 'graceMs' | 'artifacts' | 'measured' | 'fence'>;

const firstWithArtifacts = 3;

/** The steps that are the agent's own work. What one needs is loaded when it runs. */
export function createOwnSteps(
  setting: OwnSetting,
  workspace: Workspace,
  isolation: Promise<Isolation>,
): OwnSteps {
  const { claim, uid, artifacts: sender, measured, fence } = setting;
  const { tree } = workspace;
  const untilAborted =
    (run: (given: StepRun) => Promise<StepEnd>) =>
    async (given: StepRun): Promise<StepEnd> => {
      try {
        return await run(given);
      } catch (error) {
        if (given.signal.aborted) return terminated;
        throw error;
      }
    };
  return {
    artifacts: untilAborted(async ({ step, write, signal }) => {
      if (step.kind !== 'artifacts') throw new TypeError(`${step.kind} is no step that keeps files`);
      if ((claim.protocol ?? 1) < firstWithArtifacts) {
        await write(Buffer.from('The api is of a version that keeps no files: upgrade it.\n'));
        return { exitCode: 1 };
      }
      const { keepArtifacts } = await import('./artifacts.ts');
      const { name, settings } = step;
      const kept = await keepArtifacts({ tree, uid, step: name, settings, sender, write, signal });
      if (kept === undefined) return { exitCode: 1 };
      const { count, bytes } = measured.artifacts ?? { count: 0, bytes: 0 };
      measured.artifacts = { count: count + kept.count, bytes: bytes + kept.bytes };
      return { exitCode: 0 };
    }),
    image: fence.guard(
      untilAborted(async (given) => {
        const { runImageStep } = await import('./image.ts');
        return runImageStep(given, { setting, workspace, isolation });
      }),
    ),
    reports: untilAborted(async ({ step, write, signal }) => {
      if (step.kind !== 'reports') throw new TypeError(`${step.kind} is no step that reads reports`);
      const { findReports, toReportLines } = await import('./reports.ts');
      const { settings } = step;
      const found = await findReports({ tree, uid, settings, since: 0, signal });
      for (const line of toReportLines(found)) await write(Buffer.from(`${line}\n`));
      return { exitCode: found.problems.length === 0 ? 0 : 1 };
    }),
  };
}
