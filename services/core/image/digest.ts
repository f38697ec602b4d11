import { ImageError, parseImageName } from './name.ts';
import { createRegistry } from './registry.ts';

/** registry/path:tag; a port looks like a tag, but is followed by a path. */
const form = /^(?<name>[^@]+):(?<tag>\w[\w.-]{0,127})$/;

/**
 * Asks a registry, as nobody, for the digest of what a tag means there now: of the list of all architectures, where
 * there is one.
 *
 * @param reference `docker.io/library/redis:8.6.3-bookworm`; without a registry it is of Docker Hub
 * @throws ImageError where it cannot be asked, refuses, or does not know the tag
 */
export async function readDigest(reference: string, signal: AbortSignal): Promise<string> {
  const { name = '', tag = '' } = form.exec(reference)?.groups ?? {};
  const image = parseImageName(toFullName(name));
  // Docker Hub's images are called by one name and asked for at another.
  const registry = image.registry === 'docker.io' ? 'registry-1.docker.io' : image.registry;
  const manifest = await createRegistry({ ...image, registry }, undefined, signal).readManifest(tag);
  if (manifest === undefined) throw new ImageError(`${image.registry} does not know ${image.name}:${tag}`);
  return manifest.digest;
}

function toFullName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (rest.length === 0) return `docker.io/library/${name}`;
  return /[.:]/.test(first) || first === 'localhost' ? name : `docker.io/${name}`;
}
