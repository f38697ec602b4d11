import { matchesGlob, parseGlob } from './glob.ts';

/** Plugins that may be given secrets by a tag alone: Woodpecker's own, as its files name them. */
export const defaultPlugins = [
  'woodpeckerci/*',
  'quay.io/woodpeckerci/*',
  'codeberg.org/woodpecker-plugins/*',
];

/** A digest says which image it is; a tag, whoever may move it. */
export function isPinned(image: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(image);
}

/**
 * Whether an image's name, without its tag, is one of these globs.
 *
 * @throws GlobError
 */
export function isNamed(image: string, patterns: readonly string[]): boolean {
  const name = toImageName(image);
  return patterns.some((pattern) => matchesGlob(parseGlob(pattern), name));
}

/** Without registry of Docker's own, tag and digest. */
export function toImageName(image: string): string {
  return image
    .replace(/@.*$/, '')
    .replace(/:[^:/]*$/, '')
    .replace(/^(?:index\.)?docker\.io\/(?:library\/)?/, '');
}
