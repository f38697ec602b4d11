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

export interface LoadedPlan {
  plan: Plan;
  /** The names of the tree's other workflows. */
  others: string[];
}

/**
 * The plan of a checked-out tree: of one of its pipeline files, or detected.
 *
 * @param workflow the name of the workflow that is wanted. @default the first
 * @throws PipelineError where there is nothing that can be run; the message is for the author.
 */
export async function loadPlan(
  folder: string,
  { workflow, variables = {} }: { workflow?: string | undefined; variables?: Variables } = {},
): Promise<LoadedPlan> {
  const { names, pipelineFiles } = await readTree(folder);
  if (pipelineFiles.length === 0 && workflow === undefined)
    return { plan: await detect(folder, names), others: [] };
  for (const path of pipelineFiles) refuseName(path);
  if (pipelineFiles.length > maxWorkflows)
    throw new PipelineError(pipelineFolder, top, `more than ${maxWorkflows} pipeline files`);
  const file =
    workflow === undefined
      ? pipelineFiles[0]
      : pipelineFiles.find((path) => toWorkflowName(path) === workflow);
  if (file === undefined)
    throw new PipelineError(
      defaultPipelineFile,
      top,
      `no workflow is called ${JSON.stringify(workflow)} at this commit`,
    );
  const text = await readTreeFile(folder, file);
  if (text === undefined) throw new PipelineError(file, top, 'not a plain file of at most 256 KiB');
  const others = pipelineFiles.filter((path) => path !== file).map(toWorkflowName);
  await loadPatterns(text);
  const [plan] = parsePipeline(text, file, variables);
  return { plan, others };
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
