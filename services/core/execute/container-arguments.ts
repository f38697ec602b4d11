import { writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Plan, PlannedStep } from '../pipeline/index.ts';
import { CannotRunError, type StepRun } from './engine.ts';
import { toCarrier, toScript } from './script.ts';
import { findDirectory, type Workspace } from './workspace.ts';

/** How one container is started. Values never stand in an argument. */
export interface ContainerStart {
  args: readonly string[];
  /** Of the variables that the arguments name. */
  env: Readonly<Record<string, string>>;
  /** Gets the container's id, once it is made. */
  idFile: string;
  /** Removed when it has ended. */
  files: readonly string[];
}

/** What is the same for each container of a job. */
export interface ContainerJob {
  label: string;
  network: string;
  workspace: Workspace;
  /** Where containers find the tree, and the home. */
  place: string;
  home: string;
}

/**
 * What an image needs to install packages, and to give up being root. Neither raw sockets, which can pretend to be a
 * neighbour, nor devices, nor anything that changes the machine.
 */
const capabilities = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'NET_BIND_SERVICE',
  'SETGID',
  'SETUID',
];

/** Where containers find the tree: `path` below `base`, else where we have it. */
export function toPlace(workspace: Plan['workspace'], tree: string): string {
  if (workspace === undefined) return tree;
  const { base = '/woodpecker', path = '.' } = workspace;
  return posix.join(base, path).replace(/\/$/, '');
}

/** @returns undefined where the step's directory is not there */
export async function toContainerStart(
  { step, variables, secrets = [] }: StepRun,
  name: string,
  image: string,
  limits: readonly string[],
  { label, network, workspace, place, home }: ContainerJob,
): Promise<ContainerStart | undefined> {
  const { tree, scripts } = workspace;
  if ((await findDirectory(tree, step.directory)) === undefined) return undefined;
  const idFile = join(scripts, `${name}.id`);
  const args = ['run', '--name', name, '--label', label, '--cidfile', idFile, '--pull', 'never', ...limits];
  args.push('--network', network, '--network-alias', toAlias(step.name));
  args.push('--workdir', posix.join(place, step.directory));
  args.push('--security-opt', 'no-new-privileges', '--cap-drop', 'ALL');
  args.push(...capabilities.flatMap((each) => ['--cap-add', each]));
  // What it prints comes to us, and is not kept beside us: there it would be neither masked nor bounded.
  args.push('--log-driver', 'none');
  args.push('--volume', `${tree}:${place}`, '--volume', `${workspace.home}:${home}`);
  args.push(...(step.volumes ?? []).flatMap((volume) => ['--volume', volume]));
  // Ours, so that no name of the author's comes into the environment of a program that is not in the container.
  const own: Record<string, string> = { ...variables, CI_WORKSPACE: place };
  if (step.commands.length > 0) {
    const file = join(scripts, `${name}.sh`);
    await writeFile(file, toScript(step), { mode: 0o644, flag: 'wx' });
    for (const [i, value] of secrets.entries()) own[toCarrier(i)] = value;
    own.HOME = home;
    args.push('--volume', `${file}:${file}:ro`, '--entrypoint', '/bin/sh', ...toNames(own));
    return { args: [...args, image, '-e', file], env: own, idFile, files: [idFile] };
  }
  const asked = toAsked(step, secrets);
  const file = join(scripts, `${name}.env`);
  const lines = Object.entries(asked).filter(([variable]) => !isSafe(variable));
  for (const [variable, value] of Object.entries(asked)) if (isSafe(variable)) own[variable] = value;
  const lost = lines.find(([, value]) => value.includes('\n'));
  if (lost !== undefined)
    throw new CannotRunError(
      `${lost[0]} of step ${JSON.stringify(step.name)} has several lines: only PLUGIN_* may`,
    );
  const text = lines.map(([variable, value]) => `${variable}=${value}\n`).join('');
  await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  const [program, ...rest] = step.entrypoint ?? [];
  args.push('--env-file', file, ...toNames(own));
  if (program !== undefined) args.push('--entrypoint', program);
  return { args: [...args, image, ...rest], env: own, idFile, files: [idFile, file] };
}

function toAsked(
  { environment, secrets: uses = [] }: PlannedStep,
  secrets: readonly string[],
): Record<string, string> {
  const asked = { ...environment };
  for (const [i, { variable }] of uses.entries()) asked[variable] = secrets[i] ?? '';
  return asked;
}

/** By such names nothing but our own programs in containers is told anything. */
function isSafe(variable: string): boolean {
  return /^(?:PLUGIN|CI)_\w+$/.test(variable);
}

function toNames(variables: Readonly<Record<string, string>>): string[] {
  return Object.keys(variables).flatMap((variable) => ['--env', variable]);
}

/** As a host name (RFC 1123). */
function toAlias(name: string): string {
  const alias = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return alias.slice(0, 63) || 'step';
}
