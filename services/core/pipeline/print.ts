import { isPlainCommand } from './command.ts';
import type { Condition, Patterns, Plan, PlannedStep, SecretPart } from './plan.ts';
import { toYaml, type Yaml, type YamlMap } from './yaml.ts';

/**
 * A plan as a pipeline file that is read as the same plan: a detected one becomes a file to begin with, and of a
 * matrix one entry.
 *
 * @param given.steps those to print. @default all
 */
export function printPlan(plan: Plan, given: { steps?: readonly PlannedStep[] } = {}): string {
  const { clone, concurrency, workspace } = plan;
  const { steps = plan.steps } = given;
  return toYaml({
    when: toWhen(plan.when),
    matrix: isEmpty(plan.axes) ? undefined : { include: [plan.axes] },
    labels: isEmpty(plan.labels) ? undefined : mapValues(plan.labels, toLiteral),
    depends_on: plan.dependsOn.length === 0 ? undefined : toNeeds(plan),
    runs_on: plan.runsOn.join() === 'success' ? undefined : plan.runsOn,
    concurrency: concurrency && { limit: concurrency.limit, group: toLiteral(concurrency.group) },
    timeout: toTime(plan.timeoutMs),
    cache: toCache(plan.cache),
    skip_clone: clone.skip ? true : undefined,
    clone: toClone(clone),
    workspace: workspace && mapValues({ ...workspace }, toLiteral),
    services: plan.services.length === 0 ? undefined : plan.services.map((one) => toService(one, plan)),
    steps: steps.map((step) => toStep({ ...step, ...keepNeeds(step, steps) }, plan)),
  });
}

/** Of a choice of steps, what waits for one that is not there does without it. */
function keepNeeds(
  { dependsOn }: PlannedStep,
  steps: readonly PlannedStep[],
): { dependsOn?: readonly string[] } {
  if (dependsOn === undefined) return {};
  return { dependsOn: dependsOn.filter((need) => steps.some(({ name }) => name === need)) };
}

function toCache(cache: Plan['cache']): Yaml | undefined {
  if (cache === 'auto') return undefined;
  if (cache === 'off') return 'off';
  return cache.map(({ name, paths, key }) => ({
    name: toLiteral(name),
    paths: paths.map(toLiteral),
    key: unlessEmpty(key.map(toLiteral)),
  }));
}

function toClone({ depth, partial, lfs, submodules, tags }: Plan['clone']): Yaml | undefined {
  const settings = {
    depth,
    partial,
    lfs: lfs ? undefined : false,
    recursive: submodules ? true : undefined,
    tags: tags ? true : undefined,
  };
  return isEmpty(settings) ? undefined : { git: { settings } };
}

function toStep(step: PlannedStep, plan: Plan): YamlMap {
  const { kind, detach, timeoutMs } = step;
  return {
    ...toContainer(step, plan),
    kind: kind === 'commands' || kind === 'plugin' ? undefined : kind,
    detach: detach ? true : undefined,
    depends_on: toNeeds(step),
    timeout: toTime(timeoutMs),
  };
}

function toService(service: PlannedStep, plan: Plan): YamlMap {
  return { ...toContainer(service, plan), ports: unlessEmpty(service.ports) };
}

function toContainer(step: PlannedStep, plan: Plan): YamlMap {
  const isPlugin = step.kind === 'plugin';
  const variables = toVariables(step, isPlugin ? {} : plan.axes);
  return {
    name: step.name,
    image: step.image === undefined ? undefined : toLiteral(step.image),
    pull: step.pull ? true : undefined,
    directory: step.directory === '.' ? undefined : toLiteral(step.directory),
    failure: step.failure === 'fail' ? undefined : step.failure,
    when: toWhen(step.when),
    volumes: step.volumes && unlessEmpty(step.volumes),
    backend_options: step.resources && {
      kubernetes: { resources: { requests: step.resources.requests, limits: step.resources.limits } },
    },
    environment: isPlugin || isOurs(step) || isEmpty(variables) ? undefined : variables,
    settings: isPlugin ? toPluginSettings(variables) : toKindSettings(step),
    entrypoint: step.entrypoint && unlessEmpty(step.entrypoint.map(toCommand)),
    commands: unlessEmpty(step.commands.map(toCommand)),
  };
}

const isOurs = ({ kind }: PlannedStep): boolean => kind !== 'commands' && kind !== 'plugin';

function toVariables(
  { environment, secrets = [] }: PlannedStep,
  axes: Readonly<Record<string, string>>,
): YamlMap {
  const own = Object.entries(environment).filter(([name, value]) => axes[name] !== value);
  return {
    ...Object.fromEntries(own.map(([name, value]) => [name, toLiteral(value)])),
    ...Object.fromEntries(
      secrets.map(({ variable, secret, parts }) => [
        variable,
        parts === undefined ? { from_secret: secret } : toStructure(parts),
      ]),
    ),
  };
}

function toPluginSettings(variables: YamlMap): YamlMap | undefined {
  const entries = Object.entries(variables).map(([name, value]) => [
    name.replace(/^PLUGIN_/, '').toLowerCase(),
    value,
  ]);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The lists and maps that parts are the JSON of. */
function toStructure(parts: readonly SecretPart[]): Yaml {
  const secrets: string[] = [];
  // No author's text has a NUL: the parts of JSON that are theirs are escaped.
  const json = parts.map((part) => {
    if (typeof part === 'string') return part;
    secrets.push(part.secret);
    return JSON.stringify(`\0${secrets.length - 1}`);
  });
  const restore = (value: unknown): Yaml => {
    if (Array.isArray(value)) return value.map(restore);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, restore(one)]));
    if (typeof value !== 'string') return value as number | boolean | null;
    return value.startsWith('\0') ? { from_secret: secrets[Number(value.slice(1))] ?? '' } : toLiteral(value);
  };
  return restore(JSON.parse(json.join('')));
}

function toKindSettings(step: PlannedStep): YamlMap | undefined {
  if (step.kind === 'artifacts') {
    const { name, paths, exclude } = step.settings;
    return {
      name: name === undefined ? undefined : toLiteral(name),
      paths: paths.map(toLiteral),
      exclude: unlessEmpty(exclude.map(toLiteral)),
    };
  }
  if (step.kind === 'reports') {
    const { junit, coverage } = step.settings;
    return { junit: unlessEmpty(junit.map(toLiteral)), coverage: unlessEmpty(coverage.map(toLiteral)) };
  }
  if (step.kind !== 'image') return undefined;
  const { repo, tags, dockerfile, context, target, platforms, buildArgs, cache, push, username } =
    step.settings;
  const secret = (name: string) => step.secrets?.find(({ variable }) => variable === name)?.secret;
  const fromSecret = (name: string): Yaml | undefined => {
    const from = secret(name);
    return from === undefined ? undefined : { from_secret: from };
  };
  return {
    repo: toLiteral(repo),
    tags: tags.map(toLiteral),
    dockerfile: toLiteral(dockerfile),
    context: toLiteral(context),
    target: target === undefined ? undefined : toLiteral(target),
    platforms: unlessEmpty(platforms.map(toLiteral)),
    build_args: isEmpty(buildArgs) ? undefined : mapValues(buildArgs, toLiteral),
    cache: cache ? undefined : false,
    push: push ? undefined : false,
    username: username === undefined ? fromSecret('username') : toLiteral(username),
    password: fromSecret('password'),
  };
}

function toNeeds({
  dependsOn,
  optionalNeeds = [],
}: {
  dependsOn?: readonly string[];
  optionalNeeds?: readonly string[];
}): Yaml | undefined {
  if (dependsOn === undefined) return undefined;
  return dependsOn.map((name) =>
    optionalNeeds.includes(name) ? { name: toLiteral(name), optional: true } : toLiteral(name),
  );
}

function toWhen(when: readonly Condition[]): Yaml | undefined {
  return when.length === 0 ? undefined : when.map(toCondition);
}

function toCondition({ event, status, path, matrix, evaluate, local, ...lists }: Condition): YamlMap {
  return {
    event,
    ...Object.fromEntries(Object.entries(lists).map(([key, patterns]) => [key, toPatterns(patterns)])),
    path: path && {
      ...toPatterns(path),
      ignore_message: path.ignoreMessage === undefined ? undefined : toLiteral(path.ignoreMessage),
      on_empty: path.onEmpty,
    },
    matrix: matrix && {
      include: mapValues(matrix.include, toLiteral),
      exclude: mapValues(matrix.exclude, toLiteral),
    },
    status,
    evaluate: evaluate?.expression,
    local,
  };
}

function toPatterns({ include, exclude }: Patterns): YamlMap {
  return { include: include.map(toLiteral), exclude: exclude.map(toLiteral) };
}

const toTime = (ms: number | undefined): string | undefined => {
  if (ms === undefined) return undefined;
  const [hours, minutes, seconds] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    (ms / 1000) % 60,
  ];
  return `${hours === 0 ? '' : `${hours}h`}${minutes === 0 ? '' : `${minutes}m`}${seconds === 0 ? '' : `${seconds}s`}`;
};

/** Outside of commands `${…}` is replaced, and `$$` is a `$`. */
const toLiteral = (text: string): string => text.replaceAll('$', () => '$$');

/** In a command only `$${…}` is read as something else. */
const toCommand = (text: string): string =>
  isPlainCommand(text) ? text : text.replaceAll('${', () => '$${');

const isEmpty = (map: object): boolean => Object.values(map).every((value) => value === undefined);
const unlessEmpty = <T>(list: readonly T[]): readonly T[] | undefined =>
  list.length === 0 ? undefined : list;
const mapValues = (map: Readonly<Record<string, string>>, change: (value: string) => string): YamlMap =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
