import { toShellCommand } from '../command.ts';
import type { Path } from '../document.ts';
import type { PlannedStep, Resources } from '../plan.ts';
import { stepDefaults } from '../plan.ts';
import type { NeedsFile, ServiceFile, StepFile } from '../schema/step.ts';
import { toConditions } from './conditions.ts';
import { toFolder } from './folder.ts';
import { toKind } from './kind.ts';
import type { Reader } from './reader.ts';
import { toPluginVariable, toVariables } from './values.ts';

export function toStep(reader: Reader, step: StepFile, name: string, path: Path): PlannedStep {
  const ours = step.kind === undefined ? undefined : toKind(reader, step.kind, step, name, path);
  return {
    ...toContainer(reader, step, name, path),
    ...(ours ?? { kind: isPlugin(step) ? 'plugin' : 'commands' }),
    ...(step.detach === true ? { detach: true } : {}),
    ...toNeeds(reader, step.depends_on, [...path, 'depends_on']),
    ...(step.timeout === undefined ? {} : { timeoutMs: step.timeout }),
  };
}

export function toService(reader: Reader, service: ServiceFile, name: string, path: Path): PlannedStep {
  if (service.image === undefined)
    reader.fail(path, `service ${JSON.stringify(name)} has no image`, 'a service runs in a container');
  const ports = (service.ports ?? []).map((port, i) => {
    const number = Number.parseInt(port, 10);
    if (number < 1 || number > 65_535) reader.fail([...path, 'ports', i], `there is no port ${number}`);
    return { number, isTcp: !port.endsWith('/udp') };
  });
  return {
    ...toContainer(reader, service, name, path),
    kind: isPlugin(service) ? 'plugin' : 'commands',
    detach: true,
    ports: ports.filter(({ isTcp }) => isTcp).map(({ number }) => number),
  };
}

/** As in Woodpecker: an image that is left to do what it is made for. */
const isPlugin = ({ commands, entrypoint, environment }: StepFile | ServiceFile): boolean =>
  [commands ?? []].flat().length === 0 &&
  [entrypoint ?? []].flat().length === 0 &&
  Object.keys(environment ?? {}).length === 0;

type Container = Omit<Extract<PlannedStep, { kind: 'commands' | 'plugin' }>, 'kind'>;

function toContainer(reader: Reader, step: StepFile | ServiceFile, name: string, path: Path): Container {
  const has = (key: 'commands' | 'entrypoint') => [step[key] ?? []].flat().length > 0;
  const isOurs = 'kind' in step && step.kind !== undefined;
  if (step.settings !== undefined && !isOurs)
    for (const key of ['commands', 'entrypoint'] as const)
      if (has(key)) reader.failAtKey([...path, 'settings'], `a step has ${key} or settings, not both`);
  if (step.image === undefined && !isOurs) {
    if (has('entrypoint') || step.settings !== undefined)
      reader.fail(
        path,
        `step ${JSON.stringify(name)} has no image`,
        'a plugin or an entrypoint is of an image',
      );
    if (!has('commands'))
      reader.fail(
        path,
        `step ${JSON.stringify(name)} has no commands`,
        'write what it runs: commands: make test',
      );
  }
  const own = toVariables(reader, step.environment, [...path, 'environment']);
  const plugin = isOurs
    ? { environment: {}, secrets: [] }
    : toVariables(reader, step.settings, [...path, 'settings'], toPluginVariable);
  const environment = {
    ...(isPlugin(step) ? {} : reader.axes),
    ...own.environment,
    ...plugin.environment,
  };
  for (const { variable } of own.secrets) delete environment[variable];
  const shell = createShell(reader, { ...environment, ...reader.variables });
  const commands = shell.read(step.commands, [...path, 'commands']);
  const entrypoint = shell.read(step.entrypoint, [...path, 'entrypoint']);
  const secrets = [...own.secrets, ...plugin.secrets];
  const { kind: _, ...defaults } = stepDefaults;
  return {
    ...defaults,
    name,
    ...(step.image === undefined ? {} : { image: reader.text(step.image, [...path, 'image']) }),
    commands,
    ...(entrypoint.length === 0 ? {} : { entrypoint }),
    environment: { ...environment, ...shell.made },
    ...(secrets.length === 0 ? {} : { secrets }),
    directory: toFolder(reader, step.directory, [...path, 'directory']),
    failure: step.failure ?? 'fail',
    when: toConditions(reader, step.when, [...path, 'when']),
    pull: step.pull ?? false,
    ...toVolumes(reader, step.volumes, [...path, 'volumes']),
    ...toResources(step.backend_options?.kubernetes?.resources),
  };
}

/** What shells will read, and the variables that were made for it. */
function createShell(reader: Reader, known: Readonly<Record<string, string>>) {
  const made: Record<string, string> = {};
  // A printed plan has those of its first reading.
  const taken = Object.keys(known).filter((name) => /^BELLOWS_\d+$/.test(name)).length;
  return {
    made,
    read: (given: string | string[] | undefined, path: Path): string[] =>
      [given ?? []].flat().map((text, i) =>
        reader.at(typeof given === 'string' ? path : [...path, i], () => {
          const shell = toShellCommand(text, known, taken + Object.keys(made).length + 1);
          Object.assign(made, shell.variables);
          return shell.text;
        }),
      ),
  };
}

export function toNeeds(
  reader: Reader,
  given: NeedsFile | undefined,
  path: Path,
): { dependsOn?: string[]; optionalNeeds?: string[] } {
  if (given === undefined) return {};
  const needs = (typeof given === 'string' ? [given] : given).map((need, i) =>
    typeof need === 'string'
      ? { name: reader.text(need, [...path, i]), optional: false }
      : { name: reader.text(need.name, [...path, i, 'name']), optional: need.optional ?? false },
  );
  const optional = needs.filter((need) => need.optional).map(({ name }) => name);
  return {
    dependsOn: [...new Set(needs.map(({ name }) => name))],
    ...(optional.length === 0 ? {} : { optionalNeeds: [...new Set(optional)] }),
  };
}

/** Fails closed: whoever reads a file for a job says whether its repository is trusted. */
function toVolumes(reader: Reader, given: string[] | undefined, path: Path): { volumes?: string[] } {
  if (given === undefined || given.length === 0) return {};
  if (reader.variables.CI_REPO_TRUSTED_VOLUMES !== 'true')
    reader.failAtKey(
      path,
      'this repository is not trusted with folders of the machine',
      'an admin may: ./bellows repo set <repository> --trusted-with volumes; what jobs hand on is `cache` or `kind: artifacts`',
    );
  return { volumes: given };
}

/** The allow-list: a quantity of a resource, as the schema has let it through, and nothing beside it. */
function toResources(
  given:
    | {
        requests?: Record<string, string | undefined> | undefined;
        limits?: Record<string, string | undefined> | undefined;
      }
    | undefined,
): { resources?: Resources } {
  if (given === undefined) return {};
  const read = (quantities: Record<string, string | undefined> = {}) =>
    Object.fromEntries(
      Object.entries(quantities).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
  return { resources: { requests: read(given.requests), limits: read(given.limits) } };
}
