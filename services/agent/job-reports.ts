import type { RunEnd, Workspace } from '../core/execute/index.ts';
import type { Plan, ReportsSettings } from '../core/pipeline/index.ts';
import type { JobSetting } from './job-setting.ts';

export interface JobReports {
  setting: Pick<JobSetting, 'uid' | 'measured' | 'reporter' | 'ending'>;
  workspace: Pick<Workspace, 'tree'>;
  plan: Plan;
  /** When the files of the commit were all there, milliseconds since 1970. */
  since: number;
}

/** The section of the log that says what could not be read. */
const section = 'reports';

/**
 * Adds to what the job measured what its steps have left of tests and coverage. Also where a step has
 * failed, and a step that should have read them did not run: that is when people look.
 */
export async function addReports(
  { setting, workspace, plan, since }: JobReports,
  { outcome }: RunEnd,
  toMasked: (text: string) => string = (text) => text,
): Promise<void> {
  if (outcome !== 'success' && outcome !== 'failure') return;
  const { uid, measured, reporter, ending } = setting;
  const { findReports } = await import('./reports.ts');
  const { signal } = ending;
  const settings = toSettings(plan);
  try {
    const { summary, problems } = await findReports({ tree: workspace.tree, uid, settings, since, signal });
    const { tests, coverage } = summary;
    if (tests !== undefined) measured.tests = { ...tests, failing: tests.failing.map(toMasked) };
    if (coverage !== undefined) measured.coverage = coverage;
    // A step that read them has said so.
    if (settings === undefined)
      for (const line of problems) await reporter.write(section, Buffer.from(`${toMasked(line)}\n`));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** All that the steps of the plan name; undefined where none does. */
function toSettings({ steps }: Plan): ReportsSettings | undefined {
  const named = steps.flatMap((step) => (step.kind === 'reports' ? [step.settings] : []));
  if (named.length === 0) return undefined;
  return {
    junit: named.flatMap(({ junit }) => junit),
    coverage: named.flatMap(({ coverage }) => coverage),
  };
}
