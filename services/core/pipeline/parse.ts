import type * as z from 'zod';
import { toShellCommand } from './command.ts';
import { type Path, type PipelineDocument, parseYaml, type YamlValue } from './document.ts';
import { toWorkflowName } from './files.ts';
import { type Glob, GlobError, parseGlob } from './glob.ts';
import { explainKey, type Place } from './keys.ts';
import { PipelineError } from './pipeline-error.ts';
import {
  type Condition,
  type Plan,
  type PlannedStep,
  planDefaults,
  type SecretUse,
  stepDefaults,
} from './plan.ts';
import { type PipelineFile, pipelineSchema, type StepFile, type WhenFile } from './schema.ts';
import { SubstitutionError, substitute, type Variables } from './substitution.ts';

/** The name of the step that fetches the repository. */
export const cloneStep = 'clone';

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
  const parsed = pipelineSchema.safeParse(document.value);
  if (!parsed.success) throw toError(parsed.error.issues, document, file);
  const reader = createReader(document, file, variables);
  return [
    {
      ...planDefaults,
      source: file,
      detected: false,
      workflow: toWorkflowName(file),
      when: reader.toConditions(parsed.data.when, ['when']),
      steps: reader.toSteps(parsed.data.steps),
    },
  ];
}

function createReader(document: PipelineDocument, file: string, variables: Variables) {
  const fail = (path: Path, problem: string, hint?: string): never => {
    throw new PipelineError(file, document.positionOf(path), problem, hint);
  };

  const at = <T>(path: Path, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (error instanceof SubstitutionError) return fail(path, error.message);
      if (error instanceof GlobError) return fail(path, `the pattern ${error.message}`);
      throw error;
    }
  };
  const toText = (text: string, path: Path): string => at(path, () => substitute(text, variables));
  const toGlob = (text: string, path: Path): Glob => at(path, () => parseGlob(toText(text, path)));

  const toGlobs = (given: string | string[] | undefined, path: Path): Glob[] => {
    if (given === undefined) return [];
    return typeof given === 'string'
      ? [toGlob(given, path)]
      : given.map((pattern, i) => toGlob(pattern, [...path, i]));
  };

  const toConditions = (when: WhenFile | undefined, path: Path): Condition[] => {
    if (when === undefined) return [];
    if (!Array.isArray(when)) return [toCondition(when, path)];
    return when.map((condition, i) => toCondition(condition, [...path, i]));
  };

  const toCondition = ({ event, branch }: Exclude<WhenFile, unknown[]>, path: Path): Condition => ({
    ...(event === undefined ? {} : { event: [event].flat() }),
    ...(branch === undefined ? {} : { branch: toBranch(branch, [...path, 'branch']) }),
  });

  const toBranch = (
    branch:
      | string
      | string[]
      | { include?: string | string[] | undefined; exclude?: string | string[] | undefined },
    path: Path,
  ) =>
    typeof branch === 'string' || Array.isArray(branch)
      ? { include: toGlobs(branch, path), exclude: [] }
      : {
          include: toGlobs(branch.include, [...path, 'include']),
          exclude: toGlobs(branch.exclude, [...path, 'exclude']),
        };

  const toStep = (step: StepFile, fallback: string, path: Path): PlannedStep => {
    const name = step.name ?? fallback;
    if (step.commands === undefined || step.commands.length === 0)
      fail(
        path,
        `step ${JSON.stringify(name)} has no commands`,
        'running an image by itself needs a container engine',
      );
    const environment: Record<string, string> = {};
    const secrets: SecretUse[] = [];
    for (const [key, value] of Object.entries(step.environment ?? {})) {
      const place = [...path, 'environment', key];
      if (typeof value === 'string') environment[key] = toText(value, place);
      else {
        const position = document.positionOf([...place, 'from_secret']);
        secrets.push({ variable: key, secret: value.from_secret, position });
      }
    }

    const known = { ...environment, ...variables };
    let made: Record<string, string> = {};
    const commands = [step.commands ?? []].flat().map((command, i) =>
      at([...path, 'commands', i], () => {
        const shell = toShellCommand(command, known, Object.keys(made).length + 1);
        made = { ...made, ...shell.variables };
        return shell.text;
      }),
    );
    return {
      ...stepDefaults,
      name,
      ...(step.image === undefined ? {} : { image: toText(step.image, [...path, 'image']) }),
      commands,
      environment: { ...environment, ...made },
      ...(secrets.length === 0 ? {} : { secrets }),
      directory: toDirectory(step.directory, [...path, 'directory']),
      failure: step.failure ?? 'fail',
      when: toConditions(step.when, [...path, 'when']),
    };
  };

  const toDirectory = (given: string | undefined, path: Path): string => {
    const directory = toText(given ?? '.', path);
    const parts = directory.split('/');
    if (directory === '' || directory.startsWith('/') || directory.includes('\0') || parts.includes('..'))
      fail(path, `the directory ${JSON.stringify(directory)} is not below the workspace`);
    return directory;
  };

  const toSteps = (steps: PipelineFile['steps']): PlannedStep[] => {
    const entries: [PropertyKey, StepFile][] = Array.isArray(steps)
      ? [...steps.entries()]
      : Object.entries(steps);
    const names = new Set([cloneStep]);
    return entries.map(([key, given]) => {
      const path = ['steps', key];
      const step = toStep(given, typeof key === 'number' ? `step-${key + 1}` : String(key), path);
      const { name } = step;
      if (name === cloneStep)
        fail(path, `a step cannot be called "${cloneStep}"`, 'that is the one which fetches the repository');
      if (names.has(name))
        fail(path, `two steps are called ${JSON.stringify(name)}`, 'give each its own name');
      names.add(name);
      return step;
    });
  };

  return { toConditions, toSteps };
}

/** The first problem of a file, in words and with its place; a key that is wrong explains one that is missing. */
function toError(
  issues: readonly z.core.$ZodIssue[],
  document: PipelineDocument,
  file: string,
): PipelineError {
  const all = issues.map((given) => toInnermost(given, [], document.value));
  const issue = all.find(({ code }) => code === 'unrecognized_keys') ?? all[0];
  if (issue === undefined) throw new TypeError('a schema refused without an issue');
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const { problem, hint } = explainKey(key, toPlace(path));
    return new PipelineError(file, document.positionOfKey([...path, key]), problem, hint);
  }
  if (issue.code === 'invalid_key') {
    const problem = issue.issues[0]?.message ?? issue.message;
    return new PipelineError(
      file,
      document.positionOfKey(path),
      `${JSON.stringify(path.at(-1))}: ${problem}`,
    );
  }
  const expected = mismatches.has(issue.code) && issue.message.startsWith('expected');
  const given = expected ? toGiven(valueAt(document.value, path)) : '';
  return new PipelineError(file, document.positionOf(path), `${toName(path)}${issue.message}${given}`);
}

/** Issues that say what was expected instead of what is there. */
const mismatches: ReadonlySet<string | undefined> = new Set([
  'invalid_type',
  'invalid_union',
  'invalid_value',
  'invalid_format',
]);

/** Of a choice, the way that the author seems to have meant: the one that got further than its own kind. */
function toInnermost(issue: z.core.$ZodIssue, above: Path, value: YamlValue): z.core.$ZodIssue {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    const isText = typeof valueAt(value, path) === 'string';
    for (const issues of issue.errors) {
      const first = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
      if (first === undefined) continue;
      const isKind = first.code === 'invalid_type' || (first.code === 'invalid_value' && !isText);
      if (first.path.length > 0 || !isKind) return toInnermost(first, path, value);
    }
  }
  return { ...issue, path };
}

function toPlace(path: Path): Place {
  if (path[2] === 'environment' && path.length > 3) return 'as a value';
  const keys = path.filter((part) => typeof part !== 'number');
  if (keys.at(-1) === 'branch') return 'in branch';
  if (keys.at(-1) === 'when') return 'in when';
  return keys.length === 0 ? 'at the top' : 'in step';
}

function valueAt(value: YamlValue, path: Path): YamlValue | undefined {
  let inner: YamlValue | undefined = value;
  for (const part of path) {
    if (typeof inner !== 'object') return undefined;
    inner = (inner as Record<PropertyKey, YamlValue>)[part];
  }
  return inner;
}

function toGiven(value: YamlValue | undefined): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return ', not a list';
  if (typeof value === 'object') return ', not a map';
  if (value === '') return ', not nothing';
  return `, not ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)}`;
}

/** `steps[0].commands: `, or nothing for the whole file. */
function toName(path: Path): string {
  const name = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return name === '' ? '' : `${name.replace(/^\./, '')}: `;
}
