import type { Claim } from '../core/job/index.ts';
import {
  cloneStep,
  findOwn,
  PipelineError,
  type Plan,
  type Situation,
  toFoundJob,
  toPipelineJobs,
} from '../core/pipeline/index.ts';
import type { Reporter } from './reporter.ts';

/** Since this version the api takes from us what each job of the pipeline needs. */
const graphProtocol = 4;

/**
 * The plan that a job runs. One whose spec leaves it to the tree tells of all jobs that the tree makes; it runs the
 * first that needs nothing itself, since it has the files already.
 *
 * @param load of one workflow, or of all
 * @returns undefined where all there was to do was to tell
 * @throws PipelineError where there is nothing that can be run
 */
export async function choosePlan(
  { spec, protocol = 1 }: Pick<Claim, 'spec' | 'protocol'>,
  situation: Situation,
  reporter: Pick<Reporter, 'workflows' | 'write'>,
  load: (workflow: string | undefined) => Promise<readonly Plan[]>,
): Promise<Plan | undefined> {
  const { workflow, entry = 1, expanded, own: wanted } = spec;
  const plans = await load(workflow ?? wanted);
  if (workflow !== undefined) return plans[entry - 1] ?? refuseEntry(plans, entry);
  const { jobs, leftOut } = toPipelineJobs(wanted === undefined ? plans : alone(plans), situation);
  // Running says why nothing of it runs.
  if (jobs.length === 0) return plans[0];
  if (plans.length > 1)
    for (const { workflow: name, reason } of leftOut)
      await reporter.write(cloneStep, Buffer.from(`Workflow ${name} does not run: ${reason}\n`));
  const own = findOwn(jobs);
  if (expanded === true) return own?.plan;
  if (protocol < graphProtocol) {
    const [first] = jobs;
    const others = new Set(
      jobs.map(({ plan }) => plan.workflow).filter((name) => name !== first?.plan.workflow),
    );
    if (others.size > 0) reporter.workflows({ workflows: [...others] });
    return first?.plan;
  }
  const others = jobs.filter((job) => job !== own);
  if (others.length > 0) {
    const named = own === undefined ? {} : { own: own.name };
    reporter.workflows({ ...named, jobs: others.map(toFoundJob) });
  }
  return own?.plan;
}

/** A workflow that runs by itself, whatever it needed when it ran with others. */
function alone(plans: readonly Plan[]): Plan[] {
  return plans.map((plan) => ({ ...plan, dependsOn: [] }));
}

function refuseEntry(plans: readonly Plan[], entry: number): never {
  const [{ source = '' } = {}] = plans;
  throw new PipelineError(source, { line: 1, column: 1 }, `its matrix has no entry ${entry}`);
}
