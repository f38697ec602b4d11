import { availableParallelism, totalmem } from 'node:os';
import type { PlannedStep } from '../pipeline/index.ts';
import type { ContainerCommand } from './container-command.ts';
import { CannotRunError } from './engine.ts';

/** What one step or service may take at most. A pipeline file can ask for less, and for no more. */
export interface ContainerLimits {
  /** @default nine tenths of the machine's, where they can be held */
  memoryBytes?: number | undefined;
  /** Processes and threads. @default 4096, where they can be held */
  pids?: number | undefined;
}

/** What the machine can hold containers to. */
export interface Holds {
  memory: boolean;
  pids: boolean;
  cpu: boolean;
}

const defaultPids = 4096;
/** Docker refuses less. */
const leastBytes = 6 * 1024 * 1024;

/** Asks Docker, then, in its words, Podman. What neither says is not held. */
export async function readHolds(command: ContainerCommand): Promise<Holds> {
  const { stdout } = await command.ask(['info', '--format', '{{json .}}']);
  const told = parse(stdout);
  if (typeof told.MemoryLimit === 'boolean')
    return { memory: told.MemoryLimit, pids: told.PidsLimit === true, cpu: told.CpuCfsQuota === true };
  const { cgroupControllers: controllers } = (told.host ?? told.Host ?? {}) as {
    cgroupControllers?: unknown;
  };
  const has = (name: string) => Array.isArray(controllers) && controllers.includes(name);
  return { memory: has('memory'), pids: has('pids'), cpu: has('cpu') };
}

function parse(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** @throws CannotRunError where a limit was set that is not held here: it must not be thought to be */
export function checkLimits({ memoryBytes, pids }: ContainerLimits, holds: Holds, name: string): void {
  const lost = [
    ...(memoryBytes !== undefined && !holds.memory ? ['memory'] : []),
    ...(pids !== undefined && !holds.pids ? ['pids'] : []),
  ];
  if (lost.length > 0)
    throw new CannotRunError(
      `${name} holds no container to the limit of ${lost.join(' and ')} that is set: its cgroup has no such controller; give it one, or take the limit out`,
    );
}

/** The words of a command line for the limits of one step. */
export function toLimitArguments(
  { resources }: Pick<PlannedStep, 'resources'>,
  limits: ContainerLimits,
  holds: Holds,
): string[] {
  const args: string[] = [];
  if (holds.pids) args.push('--pids-limit', String(limits.pids ?? defaultPids));
  if (holds.memory) {
    const most = limits.memoryBytes ?? Math.floor(totalmem() * 0.9);
    const own = toBytes(resources?.limits.memory) ?? most;
    const bytes = Math.max(leastBytes, Math.min(own, most));
    // Swap beside it would be a second limit, of the same size.
    args.push('--memory', String(bytes), '--memory-swap', String(bytes));
    const asked = toBytes(resources?.requests.memory);
    if (asked !== undefined)
      args.push('--memory-reservation', String(Math.max(leastBytes, Math.min(asked, bytes))));
  }
  if (holds.cpu) {
    const cores = toNumber(resources?.limits.cpu);
    if (cores !== undefined)
      args.push('--cpus', String(Math.min(Math.max(cores, 0.01), availableParallelism())));
    const asked = toNumber(resources?.requests.cpu);
    // As the kubelet translates it.
    if (asked !== undefined) args.push('--cpu-shares', String(Math.max(2, Math.round(asked * 1024))));
  }
  return args;
}

/** What a step asks for and is not held to here; undefined where there is nothing. */
export function findUnheld(
  { resources }: Pick<PlannedStep, 'resources'>,
  { memory, cpu }: Pick<Holds, 'memory' | 'cpu'>,
): string | undefined {
  const held: ReadonlySet<string> = new Set([...(memory ? ['memory'] : []), ...(cpu ? ['cpu'] : [])]);
  const asked = Object.keys({ ...resources?.requests, ...resources?.limits }).filter(
    (each) => !held.has(each),
  );
  return asked.length === 0 ? undefined : `Its resources are not held here: ${asked.join(', ')}.`;
}

const units: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Quantities of Kubernetes, as the pipeline's schema lets them through. */
function toNumber(quantity: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(m|k|Ki|M|Mi|G|Gi|T|Ti)?$/.exec(quantity ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * (units[unit] ?? 1);
}

function toBytes(quantity: string | undefined): number | undefined {
  const bytes = toNumber(quantity);
  return bytes === undefined ? undefined : Math.ceil(bytes);
}
