import type { Path, PipelineDocument } from '../document.ts';
import { GlobError, parseGlob } from '../glob.ts';
import { PipelineError, type Position } from '../pipeline-error.ts';
import { SubstitutionError, substitute, type Variables } from '../substitution.ts';

/** How a part of a file becomes a part of a plan: what `${…}` stands for, and where to point at. */
export interface Reader {
  document: PipelineDocument;
  variables: Variables;
  /** The variables of this entry of the matrix: `variables` has them too. */
  axes: Variables;
  fail(path: Path, problem: string, hint?: string): never;
  failAtKey(path: Path, problem: string, hint?: string): never;
  positionOf(path: Path): Position;
  /** Does what may refuse a text, so that the refusal says where. */
  at<T>(path: Path, read: () => T): T;
  /** With each `${…}` replaced. */
  text(text: string, path: Path): string;
  /** A glob, with each `${…}` replaced: what a forge tells is matched as it is, whatever it holds. */
  pattern(text: string, path: Path): string;
}

export function createReader(
  document: PipelineDocument,
  file: string,
  variables: Variables,
  axes: Variables,
): Reader {
  const all = { ...variables, ...axes };
  const fail = (path: Path, problem: string, hint?: string): never => {
    throw new PipelineError(file, document.positionOf(path), problem, hint);
  };
  const at = <T>(path: Path, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      if (error instanceof SubstitutionError) return fail(path, error.message);
      if (error instanceof GlobError) return fail(path, `the pattern ${error.message}`);
      throw error;
    }
  };
  return {
    document,
    variables: all,
    axes,
    fail,
    failAtKey: (path, problem, hint) => {
      throw new PipelineError(file, document.positionOfKey(path), problem, hint);
    },
    positionOf: (path) => document.positionOf(path),
    at,
    text: (text, path) => at(path, () => substitute(text, all)),
    pattern: (text, path) =>
      at(path, () => {
        const pattern = substitute(text, all, (value, name) =>
          Object.hasOwn(axes, name) ? value : value.replaceAll(/[\\*?[\]{}]/g, '\\$&'),
        );
        parseGlob(pattern);
        return pattern;
      }),
  };
}
