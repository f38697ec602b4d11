import type { OwnSteps, StepEnd, StepRun, Workspace } from '../core/execute/index.ts';
import type { JobSetting } from './job-setting.ts';

/** As a process that was told to end. */
const terminated: StepEnd = { exitCode: 143 };

/** The steps that are the agent's own work. What one needs is loaded when it runs. */
export function createOwnSteps(
  { uid }: Pick<JobSetting, 'uid'>,
  { tree }: Pick<Workspace, 'tree'>,
): OwnSteps {
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
