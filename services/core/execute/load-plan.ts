import { nameSchema } from '../job/index.ts';
import {
  defaultPipelineFile,
  detectPlan,
  loadPatterns,
  PipelineError,
  type Plan,
  parsePipeline,
  pipelineFolder,
  toWorkflowName,
  type Variables,
} from '../pipeline/index.ts';
import { readTree, readTreeFile } from './tree.ts';

/**
 * The plans of a checked-out tree: of its pipeline files in the order of their names, one for each entry of a matrix;
 * without such files the one that is detected.
 *
 * @param workflow the only one that is wanted. @default all
 * @throws PipelineError where there is nothing that can be run; the message is for the author.
 */
export async function loadPlans(
  folder: string,
  { workflow, variables = {} }: { workflow?: string | undefined; variables?: Variables } = {},
): Promise<readonly Plan[]> {
  const { names, pipelineFiles } = await readTree(folder);
  if (pipelineFiles.length === 0 && workflow === undefined) return [await detect(folder, names)];
  for (const path of pipelineFiles) refuseName(path);
  if (pipelineFiles.length > maxWorkflows)
    throw new PipelineError(pipelineFolder, top, `more than ${maxWorkflows} pipeline files`);
  const files = pipelineFiles.filter((path) => workflow === undefined || toWorkflowName(path) === workflow);
  if (files.length === 0)
    throw new PipelineError(
      defaultPipelineFile,
      top,
      `no workflow is called ${JSON.stringify(workflow)} at this commit`,
    );
  const plans: Plan[] = [];
  for (const file of files) {
    const text = await readTreeFile(folder, file);
    if (text === undefined) throw new PipelineError(file, top, 'not a plain file of at most 256 KiB');
    await loadPatterns(text);
    plans.push(...parsePipeline(text, file, { ...variables, CI_WORKFLOW_NAME: toWorkflowName(file) }));
  }
  return plans;
}

/** The pipeline files that a tree's push would run. */
export async function findPipelinePaths(folder: string): Promise<string[]> {
  return [...(await readTree(folder)).pipelineFiles];
}

/** A workflow's name stands in addresses, keys and labels. */
function refuseName(file: string): void {
  if (!nameSchema.safeParse(toWorkflowName(file)).success)
    throw new PipelineError(
      file,
      top,
      "the file's name cannot be a workflow's",
      'use letters, digits, dots, dashes and _, with a letter or digit at both ends',
    );
}

const maxWorkflows = 50;
const top = { line: 1, column: 1 };

async function detect(folder: string, names: string[]): Promise<Plan> {
  const wanted = [
    'package.json',
    'pyproject.toml',
    'setup.py',
    'setup.cfg',
    'requirements.txt',
    'requirements-dev.txt',
  ];
  const found = await Promise.all(
    wanted
      .filter((name) => names.includes(name))
      .map(async (name) => [name, await readTreeFile(folder, name)] as const),
  );
  const texts = new Map(found);
  const plan = detectPlan({ names, text: (name) => texts.get(name) });
  if (plan !== undefined) return plan;
  throw new PipelineError(
    defaultPipelineFile,
    top,
    'there is no pipeline file, and neither Cargo.toml, package.json, a Python project nor go.mod to tell what to run',
    'write one, for example: steps: [{name: test, commands: make test}]',
  );
}
