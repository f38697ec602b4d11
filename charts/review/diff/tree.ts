import { parseAllDocuments } from 'yaml';
import type { KubeObject, Labels, Workload } from '../objects.ts';
import { templateOf } from '../template.ts';

/** An object of a rendered tree, with its place in it. */
export interface Placed {
  readonly cluster: string;
  /** The Kustomization that applies it. */
  readonly unit: string;
  /** Below `dist/`. */
  readonly file: string;
  readonly object: KubeObject;
  /** How people call it: `Deployment ci/api`. */
  readonly id: string;
  /** What the API server knows it by, in its cluster; never the version, which all share. */
  readonly key: string;
}

export type Tree = readonly Placed[];

/** A tree that cannot be compared. */
export class TreeError extends Error {
  override name = 'TreeError';
}

/**
 * The objects of a tree, in the order of its files.
 *
 * @param files path below `dist/` → text; what is not `clusters/<cluster>/<unit>/….yaml` is no manifest.
 * @param known what was read before, by text: most of two trees is the same.
 * @throws TreeError naming the file and what is wrong with it
 */
export function parseTree(
  files: ReadonlyMap<string, string>,
  known: Map<string, readonly KubeObject[]> = new Map(),
): Tree {
  return [...files].flatMap(([file, text]) => {
    const [, cluster, unit] = /^clusters\/([^/]+)\/([^/]+)\/.+\.ya?ml$/.exec(file) ?? [];
    if (cluster === undefined || unit === undefined) return [];
    const objects = known.get(text) ?? parseObjects(file, text);
    known.set(text, objects);
    return objects.map((object) => {
      const { kind, apiVersion, metadata } = object;
      const id = `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
      return { cluster, unit, file, object, id, key: `${cluster} ${toGroup(apiVersion)} ${id}` };
    });
  });
}

function parseObjects(file: string, text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new TreeError(`dist/${file}: ${error.message}`);
    const value: unknown = document.toJS();
    if (value === null) return [];
    if (!isObject(value)) throw new TreeError(`dist/${file}: a document is no object with a kind and a name`);
    return [value];
  });
}

function isObject(value: unknown): value is KubeObject {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<KubeObject>;
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
}

/** `apps` of `apps/v1`; `core` of `v1`. */
export function toGroup(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : 'core';
}

/** The labels of the pods that it makes; undefined where it makes none. */
export function podLabelsOf({ object }: Placed): Labels | undefined {
  const found = templateOf(object as Workload);
  return found && (found.template.metadata?.labels ?? {});
}
