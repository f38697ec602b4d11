import { parseYaml } from './document.ts';
import { PipelineError } from './pipeline-error.ts';
import type { Plan } from './plan.ts';
import { toEntries } from './read/matrix.ts';
import { toErrors, toFirstError } from './read/problem.ts';
import { createReader } from './read/reader.ts';
import { toPlan } from './read/workflow.ts';
import { workflowSchema } from './schema/workflow.ts';
import type { Variables } from './substitution.ts';

export { cloneStep } from './read/workflow.ts';

/**
 * Reads a pipeline file.
 *
 * @param file its path, for messages and the workflow's name.
 * @param variables what `${…}` stands for outside of commands; without them it is empty.
 * @returns a plan for each entry of its matrix; one where it has none.
 * @throws PipelineError, and nothing else, whatever the text is.
 */
export function parsePipeline(
  text: string,
  file: string,
  variables: Variables = {},
): readonly [Plan, ...Plan[]] {
  const document = parseYaml(text, file);
  const parsed = workflowSchema.safeParse(document.value);
  if (!parsed.success) throw toFirstError(parsed.error.issues, document);
  const entries = toEntries(parsed.data.matrix, (path, problem, hint) => {
    throw new PipelineError(file, document.positionOf(path), problem, hint);
  });
  const [first, ...rest] = entries.map((axes) =>
    toPlan(createReader(document, file, variables, axes), file, parsed.data),
  );
  if (first === undefined)
    throw new PipelineError(file, document.positionOf(['matrix']), 'the matrix has no entry');
  return [first, ...rest];
}

/** What keeps a file from being read: all that its form says, or the first that its meaning does. */
export function findErrors(text: string, file: string, variables: Variables = {}): PipelineError[] {
  try {
    const document = parseYaml(text, file);
    const parsed = workflowSchema.safeParse(document.value);
    if (!parsed.success) return toErrors(parsed.error.issues, document);
    parsePipeline(text, file, variables);
    return [];
  } catch (error) {
    if (error instanceof PipelineError) return [error];
    throw error;
  }
}
