import { type Path, type PipelineDocument, parseYaml, type YamlValue } from './document.ts';
import { findErrors, parsePipeline } from './parse.ts';
import { PipelineError } from './pipeline-error.ts';
import { toPipelineJobs } from './pipeline-jobs.ts';

/** Something about a pipeline file, for its author. Lines and columns are from 1. */
export interface PipelineProblem {
  severity: 'error' | 'warning';
  file: string;
  line: number;
  column: number;
  problem: string;
  hint?: string;
}

/** Whether its repository is trusted, no file says. */
const whoKnows = { CI_REPO_TRUSTED_VOLUMES: 'true' };

/** What keeps a file from running, or of one that runs, habits that will bite. In the order of the file. */
export function lintPipeline(text: string, file: string): PipelineProblem[] {
  const errors = findErrors(text, file, whoKnows);
  if (errors.length > 0) return errors.map(toProblem);
  const document = parseYaml(text, file);
  return findHabits(document)
    .map(({ path, isKey = false, ...said }): PipelineProblem => {
      const { line, column } = isKey ? document.positionOfKey(path) : document.positionOf(path);
      return { severity: 'warning', file, line, column, ...said };
    })
    .sort((left, right) => left.line - right.line || left.column - right.column);
}

/** What all files of a tree say of each other: needs that are not there, or go in a circle. */
export function lintTogether(files: readonly { text: string; file: string }[]): PipelineProblem[] {
  try {
    const plans = files.flatMap(({ text, file }) => parsePipeline(text, file, whoKnows));
    toPipelineJobs(
      plans.map((plan) => ({ ...plan, when: [] })),
      { event: 'push', branch: '' },
    );
    return [];
  } catch (error) {
    if (error instanceof PipelineError) return [toProblem(error)];
    throw error;
  }
}

function toProblem({ file, line, column, problem, hint }: PipelineError): PipelineProblem {
  return { severity: 'error', file, line, column, problem, ...(hint === undefined ? {} : { hint }) };
}

interface Habit {
  path: Path;
  isKey?: boolean;
  problem: string;
  hint: string;
}

type YamlMap = { [key: string]: YamlValue };

function findHabits({ value }: PipelineDocument): Habit[] {
  const top = value as YamlMap;
  const steps = toItems(top.steps, ['steps']);
  const containers = [...steps, ...toItems(top.services, ['services'])];
  const isFiltered = (when: YamlValue | undefined) =>
    toConditions(when).every(hasEvent) && when !== undefined;
  return [
    ...(isFiltered(top.when) ? [] : steps.flatMap(findUnfiltered)),
    ...findRepeated(steps),
    ...containers.flatMap(findLoose),
    ...steps.flatMap(findMixed),
    ...findOld(top),
    ...findTexts(value, []).flatMap(findForeign),
  ];
}

interface Item {
  path: Path;
  item: YamlMap;
}

function toItems(given: YamlValue | undefined, path: Path): Item[] {
  if (typeof given !== 'object') return [];
  const entries = Array.isArray(given) ? [...given.entries()] : Object.entries(given);
  return entries.map(([key, item]) => ({ path: [...path, key], item: item as YamlMap }));
}

const toConditions = (when: YamlValue | undefined): YamlMap[] => [when ?? []].flat() as YamlMap[];
const hasEvent = (condition: YamlMap): boolean => condition.event !== undefined;

function findUnfiltered({ path, item }: Item): Habit[] {
  const { when } = item;
  if (when !== undefined && toConditions(when).every(hasEvent)) return [];
  return [
    {
      path: when === undefined ? path : [...path, 'when'],
      isKey: when !== undefined,
      problem: 'runs for each event that there is or will be',
      hint: 'say which in `when` of the file or of the step: event: [push, pull_request]',
    },
  ];
}

function findRepeated(steps: readonly Item[]): Habit[] {
  const names = steps.map(({ item }) => item.name);
  return steps.flatMap(({ path, item: { name } }, i) =>
    typeof name === 'string' && names.indexOf(name) < i
      ? [
          {
            path: [...path, 'name'],
            problem: `another step is called ${JSON.stringify(name)}`,
            hint: 'its log and its state are shown under a number; give each its own name',
          },
        ]
      : [],
  );
}

/** An image that is another one tomorrow. */
function findLoose({ path, item: { image } }: Item): Habit[] {
  if (typeof image !== 'string' || image.includes('$') || image.includes('@sha256:')) return [];
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  if (tag !== undefined && tag !== 'latest') return [];
  return [
    {
      path: [...path, 'image'],
      problem: `${JSON.stringify(image)} is another image tomorrow`,
      hint: 'name a version, or a digest: alpine:3.22, alpine@sha256:…',
    },
  ];
}

function findMixed({ path, item }: Item): Habit[] {
  if (item.settings === undefined || item.environment === undefined || item.kind !== undefined) return [];
  return [
    {
      path: [...path, 'environment'],
      isKey: true,
      problem: 'a plugin with an environment is none to Woodpecker, which gives it no secrets of plugins',
      hint: 'say it in its settings',
    },
  ];
}

function findOld({ runs_on: runsOn }: YamlMap): Habit[] {
  if (runsOn === undefined) return [];
  return [
    {
      path: ['runs_on'],
      isKey: true,
      problem: '`runs_on` is Woodpecker’s older way',
      hint: 'write when: [{ status: [success, failure] }]',
    },
  ];
}

function findTexts(value: YamlValue, path: Path): { path: Path; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return entries.flatMap(([key, inner]) => findTexts(inner, [...path, key]));
}

/** What other systems would do with a text, and this one does not. */
const foreign: readonly (readonly [pattern: RegExp, problem: (found: string) => string, hint: string])[] = [
  [
    /\$\{\{[^}]*\}\}/,
    (found) => `${found} is of GitHub Actions, and stays as it stands`,
    'a variable is $NAME',
  ],
  [
    /::(?:set-env|set-output|add-mask|add-path)\b[^\n]{0,20}|\bGITHUB_(?:ENV|OUTPUT|PATH)\b/,
    (found) => `${found} is of GitHub Actions: what a step prints or writes there has no effect`,
    'hand values on in a file of the workspace',
  ],
  [/\bCI_COMMIT_PRERELEASE\b/, (found) => `${found} is the older name`, 'write CI_PIPELINE_RELEASE_PRE'],
  [/\bCI_COMMIT_AUTHOR_AVATAR\b/, (found) => `${found} is the older name`, 'write CI_PIPELINE_AVATAR'],
  [
    /\beval\b[^\n]*\$\{?CI_(?:COMMIT_(?:MESSAGE|BRANCH|SOURCE_BRANCH|AUTHOR|TAG|REF)|PIPELINE_RELEASE_TITLE)\b/,
    () => '`eval` of what a stranger may have written: a branch can be called $(…)',
    'use the variable in quotes, without eval',
  ],
];

function findForeign({ path, text }: { path: Path; text: string }): Habit[] {
  return foreign.flatMap(([pattern, problem, hint]) => {
    const found = pattern.exec(text)?.[0];
    return found === undefined ? [] : [{ path, problem: problem(found), hint }];
  });
}
