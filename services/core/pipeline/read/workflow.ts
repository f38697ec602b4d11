import type { Path } from '../document.ts';
import { toWorkflowName } from '../files.ts';
import { refuseCircles } from '../graph.ts';
import { toNearest } from '../keys.ts';
import { type CachePlan, type CloneOptions, type Plan, type PlannedStep, planDefaults } from '../plan.ts';
import type { WorkflowFile } from '../schema/workflow.ts';
import { toConditions } from './conditions.ts';
import { toFolder } from './folder.ts';
import type { Reader } from './reader.ts';
import { toNeeds, toService, toStep } from './step.ts';

/** The name of the step that fetches the repository. */
export const cloneStep = 'clone';

/** The plan of a file, for one entry of its matrix. */
export function toPlan(reader: Reader, file: string, given: WorkflowFile): Plan {
  const workflow = toWorkflowName(file);
  const when = toConditions(reader, given.when, ['when']);
  when.forEach(({ matrix }, i) => {
    if (matrix !== undefined)
      reader.failAtKey(
        Array.isArray(given.when) ? ['when', i, 'matrix'] : ['when', 'matrix'],
        '`matrix` is a condition of steps',
        'a whole entry is left out by leaving it out of the matrix',
      );
  });
  const { timeout, workspace } = given;
  return {
    ...planDefaults,
    source: file,
    detected: false,
    workflow,
    when,
    clone: toClone(reader, given),
    ...toNeeds(reader, given.depends_on, ['depends_on']),
    runsOn: given.runs_on === undefined ? ['success'] : [...new Set([given.runs_on].flat())],
    labels: toLabels(reader, given.labels),
    axes: reader.axes,
    ...toConcurrency(reader, given.concurrency, workflow),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    cache: toCaches(reader, given.cache),
    ...(workspace === undefined ? {} : { workspace: toWorkspace(reader, workspace) }),
    services: toServices(reader, given.services),
    steps: toSteps(reader, given.steps),
  };
}

function toWorkspace(reader: Reader, { base, path }: Exclude<WorkflowFile['workspace'], undefined>) {
  const wanted = {
    ...(base === undefined ? {} : { base: reader.text(base, ['workspace', 'base']) }),
    ...(path === undefined ? {} : { path: toFolder(reader, path, ['workspace', 'path']) }),
  };
  for (const [key, folder] of Object.entries(wanted))
    if (!/^[\w./-]{1,200}$/.test(folder) || folder.split('/').includes('..') || folder === '/')
      reader.fail(
        ['workspace', key],
        `${JSON.stringify(folder)} is no folder for containers`,
        'use letters, digits, dots, dashes, _ and /',
      );
  return wanted;
}

function toLabels(reader: Reader, given: WorkflowFile['labels']): Record<string, string> {
  const labels = Object.entries(given ?? {})
    .map(([name, value]) => [name, reader.text(value, ['labels', name])] as const)
    .filter(([name, value]) => value !== '' && !name.startsWith('woodpecker-ci.org'));
  return Object.fromEntries(labels);
}

function toConcurrency(
  reader: Reader,
  given: WorkflowFile['concurrency'],
  workflow: string,
): Pick<Plan, 'concurrency'> {
  if (given === undefined) return {};
  if (typeof given === 'number') return { concurrency: { group: workflow, limit: given } };
  const group = reader.text(given.group ?? '', ['concurrency', 'group']);
  return { concurrency: { group: group === '' ? workflow : group, limit: given.limit } };
}

function toCaches(reader: Reader, given: WorkflowFile['cache']): Plan['cache'] {
  if (given === undefined) return 'auto';
  if (typeof given === 'string') return given === 'off' || given === 'false' ? 'off' : 'auto';
  const all: [
    PropertyKey,
    { name?: string | undefined; paths: string | string[]; key?: string | string[] | undefined },
  ][] = Array.isArray(given) ? [...given.entries()] : Object.entries(given);
  const names = new Set<string>();
  return all.map(([at, cache]): CachePlan => {
    const path = ['cache', at];
    const texts = (key: 'paths' | 'key') =>
      [cache[key] ?? []].flat().map((text, i) => reader.text(text, [...path, key, i]));
    const name = reader.text(cache.name ?? (typeof at === 'number' ? `cache-${at}` : String(at)), [
      ...path,
      'name',
    ]);
    if (names.has(name))
      reader.fail(path, `two caches are called ${JSON.stringify(name)}`, 'give each its own name');
    names.add(name);
    const paths = texts('paths');
    for (const [i, one] of paths.entries()) toFolder(reader, one.replace(/^~\//, ''), [...path, 'paths', i]);
    return { name, paths, key: texts('key') };
  });
}

const gitPlugin =
  /^(?:docker\.io\/|codeberg\.org\/|quay\.io\/)?(?:woodpeckerci\/plugin-git|woodpecker-plugins\/git)(?:[:@].*)?$/;

function toClone(reader: Reader, { clone, skip_clone: skip = false }: WorkflowFile): CloneOptions {
  const [[at, given] = ['', undefined]] = clone === undefined ? [] : Object.entries(clone);
  const { image, settings = {} } = given ?? {};
  const path = ['clone', Array.isArray(clone) ? Number(at) : at];
  if (image !== undefined && !gitPlugin.test(reader.text(image, [...path, 'image'])))
    reader.fail(
      [...path, 'image'],
      `${JSON.stringify(image)} cannot clone: the agent does it itself, as woodpeckerci/plugin-git does`,
      'write skip_clone: true and clone in a step',
    );
  const { depth, partial, lfs = true, recursive = false, tags = false } = settings;
  return {
    skip,
    ...(depth === undefined ? {} : { depth }),
    ...(partial === undefined ? {} : { partial }),
    lfs,
    submodules: recursive,
    tags,
  };
}

function toServices(reader: Reader, given: WorkflowFile['services']): PlannedStep[] {
  if (given === undefined) return [];
  const names = new Set<string>();
  const all = Array.isArray(given) ? [...given.entries()] : Object.entries(given);
  return all.map(([at, service]) => {
    const path = ['services', at];
    const name = service.name ?? (typeof at === 'number' ? undefined : at);
    if (name === undefined)
      return reader.fail(path, 'the service has no name', 'steps reach it by its name: name: database');
    if (names.has(name))
      reader.fail(path, `two services are called ${JSON.stringify(name)}`, 'give each its own name');
    names.add(name);
    return toService(reader, service, name, path);
  });
}

function toSteps(reader: Reader, given: WorkflowFile['steps']): PlannedStep[] {
  const all = Array.isArray(given) ? [...given.entries()] : Object.entries(given);
  const isGraph = all.some(([, step]) => step.depends_on !== undefined);
  const names = new Set([cloneStep]);
  const steps = all.map(([at, step]) => {
    const path = ['steps', at];
    const name = step.name ?? (typeof at === 'number' ? `step-${at}` : String(at));
    if (name === cloneStep)
      reader.fail(
        path,
        `a step cannot be called "${cloneStep}"`,
        'that is the one which fetches the repository',
      );
    if (names.has(name) && isGraph)
      reader.fail(
        path,
        `two steps are called ${JSON.stringify(name)}`,
        'with depends_on, give each its own name',
      );
    const own = toFree(name, names);
    names.add(own);
    return toStep(reader, step, own, path);
  });
  steps.forEach(({ dependsOn = [] }, i) => {
    for (const [n, need] of dependsOn.entries())
      if (!names.has(need) || need === cloneStep) {
        const near = toNearest(
          need,
          steps.map(({ name }) => name),
        );
        reader.fail(
          toNeedPath(['steps', all[i]?.[0] ?? i, 'depends_on'], all[i]?.[1].depends_on, n),
          `no step is called ${JSON.stringify(need)}`,
          near === undefined ? undefined : `did you mean ${JSON.stringify(near)}?`,
        );
      }
  });
  refuseCircles(steps, (i, circle) =>
    reader.fail(
      ['steps', all[i]?.[0] ?? i, 'depends_on'],
      `steps wait for each other in a circle: ${circle.join(' → ')}`,
    ),
  );
  return steps;
}

const toNeedPath = (path: Path, given: unknown, i: number): Path =>
  Array.isArray(given) ? [...path, i] : path;

/** In Woodpecker steps may share a name; here a log and a state belong to one. */
function toFree(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let n = 2; ; n += 1) if (!taken.has(`${name}-${n}`)) return `${name}-${n}`;
}
