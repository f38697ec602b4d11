import {
  defaultPlugins,
  GlobError,
  isNamed,
  isPinned,
  type PlannedStep,
  toImageName,
} from '../pipeline/index.ts';
import type { ContainerCommand } from './container-command.ts';
import { CannotRunError, EngineError } from './engine.ts';

const imagePattern = /^[A-Za-z0-9][\w./:@-]{0,500}$/;
const longestPullMs = 30 * 60_000;

/**
 * Sees to it that the images of a job are there. Each is run by the id that its name had when it was looked at, so that
 * a tag which moves meanwhile moves nothing.
 *
 * @param plugins globs of those that may have secrets by a tag. @default Woodpecker's own
 * @returns ids by the names in the plan
 * @throws CannotRunError, EngineError
 */
export async function readyImages(
  command: ContainerCommand,
  steps: readonly PlannedStep[],
  plugins: readonly string[] = defaultPlugins,
): Promise<ReadonlyMap<string, string>> {
  const pulls = new Map<string, boolean>();
  for (const { name, image = '', pull } of steps) {
    if (!imagePattern.test(image))
      throw new CannotRunError(`${JSON.stringify(name)} names no image to run in: ${JSON.stringify(image)}`);
    pulls.set(image, pull || pulls.get(image) === true);
  }
  const found = await Promise.all(
    [...pulls].map(async ([image, always]) => [image, await ready(command, image, always)] as const),
  );
  const images = new Map(found);
  for (const step of steps) refuseLoose(step, plugins, images.get(step.image ?? '')?.digests ?? []);
  return new Map(found.map(([image, { id }]) => [image, id]));
}

interface Image {
  id: string;
  /** `name@sha256:…`, as registries know it. */
  digests: readonly string[];
}

async function ready(command: ContainerCommand, image: string, always: boolean): Promise<Image> {
  const there = always ? undefined : await inspect(command, image);
  if (there !== undefined) return there;
  const pulled = await command.ask(['pull', '--quiet', image], longestPullMs);
  const got = pulled.exitCode === 0 ? await inspect(command, image) : undefined;
  if (got === undefined)
    throw new EngineError(`the image ${image} cannot be had: ${toReason(pulled.stderr)}`);
  return got;
}

async function inspect(command: ContainerCommand, image: string): Promise<Image | undefined> {
  const { exitCode, stdout } = await command.ask([
    'image',
    'inspect',
    '--format',
    '{{.Id}}{{range .RepoDigests}} {{.}}{{end}}',
    image,
  ]);
  const [id = '', ...digests] = stdout.trim().split(/\s+/);
  return exitCode === 0 && id !== '' ? { id, digests } : undefined;
}

/** A tag can move to another image, which would have the secrets: CVE-2025-30154 and the like. */
function refuseLoose(
  { name, image = '', kind, secrets = [] }: PlannedStep,
  plugins: readonly string[],
  digests: readonly string[],
): void {
  if (kind !== 'plugin' || secrets.length === 0 || isPinned(image) || isAllowed(image, plugins)) return;
  const own = toImageName(image);
  const digest = digests.find((each) => toImageName(each) === own) ?? `${own}@sha256:…`;
  throw new CannotRunError(
    `${JSON.stringify(name)} gives secrets to the plugin ${image}, whose tag may be another image tomorrow: write ${digest}, or have it named in BELLOWS_PLUGINS`,
  );
}

function isAllowed(image: string, plugins: readonly string[]): boolean {
  try {
    return isNamed(image, plugins);
  } catch (error) {
    if (!(error instanceof GlobError)) throw error;
    throw new CannotRunError(`BELLOWS_PLUGINS: one of ${plugins.join(', ')} ${error.message}`);
  }
}

/** The last line that says something. */
export function toReason(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.slice(0, 300) ?? 'it did not say why';
}
