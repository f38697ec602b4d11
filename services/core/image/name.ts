/** Where an image goes: `registry.example:5000/team/app`. */
export interface ImageName {
  /** With its port. */
  registry: string;
  /** Within it: `team/app`. */
  name: string;
}

export class ImageError extends Error {
  override name = 'ImageError';
}

// OCI distribution-spec 1.1, "pulling manifests"; the registry is a host with a dot or a port, or localhost.
const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const registryPattern =
  /^(?:localhost|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::\d{1,5})?$/i;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** @throws ImageError */
export function parseImageName(text: string): ImageName {
  const [registry = '', ...rest] = text.split('/');
  const name = rest.join('/');
  const isRegistry = /[.:]/.test(registry) || registry === 'localhost';
  if (text.length <= 255 && isRegistry && registryPattern.test(registry) && namePattern.test(name))
    return { registry, name };
  throw new ImageError(
    `${JSON.stringify(text.slice(0, 300))} names no image; expected a registry and a name in lower case, such as registry.example/team/app`,
  );
}

/** @throws ImageError */
export function checkTags(tags: readonly string[]): void {
  const wrong = tags.find((tag) => !tagPattern.test(tag));
  if (wrong !== undefined)
    throw new ImageError(
      `${JSON.stringify(wrong.slice(0, 200))} is no tag; expected up to 128 letters, digits, dots, dashes and _`,
    );
}

/** Only what never leaves the machine may be spoken to in the clear. */
export function isLoopback(registry: string): boolean {
  return /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::\d+)?$/.test(registry);
}
