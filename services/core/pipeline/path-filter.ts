import { GlobError, matchesGlob, parseGlob } from './glob.ts';

/** Which files of a tree are meant. Paths are relative, with `/` between their parts. */
export interface PathFilter {
  /** A pattern names it: the file, or the folder with all that is below. */
  includes(path: string): boolean;
  /** It is left out, a folder with all that is below. */
  excludes(path: string): boolean;
  /** Whether something below a folder can be meant. */
  enters(folder: string): boolean;
}

/** @throws GlobError saying what is wrong with a pattern. */
export function toPathFilter(include: readonly string[], exclude: readonly string[] = []): PathFilter {
  const wanted = include.map(toPattern);
  const unwanted = exclude.map(toPattern);
  return {
    includes: (path) => wanted.some(({ glob }) => matchesGlob(glob, path)),
    excludes: (path) => unwanted.some(({ glob }) => matchesGlob(glob, path)),
    enters: (folder) =>
      wanted.some(({ fixed }) => isBelow(fixed, folder) || isBelow(folder, fixed) || fixed === ''),
  };
}

function toPattern(text: string) {
  const pattern = text.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '');
  if (pattern === '' || pattern === '.') return { glob: parseGlob('**'), fixed: '' };
  if (pattern.startsWith('/') || pattern.split('/').includes('..'))
    throw new GlobError(`${JSON.stringify(text)} leads out of the workspace`);
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => /[*?[{\\]/.test(part));
  // What the whole walk would come to in vain is not walked.
  return { glob: parseGlob(pattern), fixed: (first < 0 ? parts : parts.slice(0, first)).join('/') };
}

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);
