import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { type Placed, parseTree, type Tree } from '../../../../charts/review/diff/tree.ts';
import type { KubeObject } from '../../../../charts/review/objects.ts';
import { readTree, root } from '../../committed.ts';

/** The committed tree of the example. */
export const example: Tree = parseTree(readTree(join(root, 'dist')));

/** The same platform once more, under another name. */
export function inCluster(cluster: string, tree: Tree = example): Tree {
  return tree.map((placed) => ({
    ...placed,
    cluster,
    file: placed.file.replace('/home/', `/${cluster}/`),
    key: placed.key.replace(/^\S+/, cluster),
  }));
}

/** A tree with one object changed; a mutation gets a copy of its own. */
export function edit(tree: Tree, id: string, mutate: (object: Mutable) => void): Tree {
  const found = tree.filter((placed) => placed.id === id);
  if (found.length === 0) throw new Error(`${id} is not in this tree`);
  return tree.map((placed) => {
    if (placed.id !== id) return placed;
    const object = structuredClone(placed.object) as KubeObject & Mutable;
    mutate(object);
    return { ...placed, object };
  });
}

// biome-ignore lint/suspicious/noExplicitAny: a test reaches into any object.
export type Mutable = any;

export function without(tree: Tree, id: string): Tree {
  return tree.filter((placed) => placed.id !== id);
}

/** With one more object, beside one that is there. */
export function withObject(tree: Tree, unit: string, yaml: string): Tree {
  const object = parseDocument(yaml).toJS() as KubeObject;
  const [placed] = parseTree(new Map([[`clusters/home/${unit}/more.yaml`, yaml]]));
  if (placed === undefined) throw new Error('no object');
  const more: Placed = { ...placed, object };
  return [...tree, more];
}
