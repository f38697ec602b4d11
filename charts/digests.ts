import * as z from 'zod';

/** What `bellows pins` found: an image or chart by its tag → its digest. */
export type Digests = Readonly<Record<string, string>>;

const schema = z.record(z.string().max(512), z.string().regex(/^sha256:[0-9a-f]{64}$/));

/** @returns undefined for what is no such file */
export function parseDigests(text: string): Digests | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The object with the digest of each image behind its tag, where one is known; a digest that is there stays. */
export function withDigests<T>(value: T, digests: Digests): T {
  if (Array.isArray(value)) return value.map((inner) => withDigests(inner, digests)) as T;
  if (!isTree(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    isContainers(key, inner) ? inner.map((one) => pinned(one, digests)) : withDigests(inner, digests),
  ]);
  return toPinnedSource(Object.fromEntries(entries), digests) as T;
}

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isContainers(key: string, value: unknown): value is unknown[] {
  return (key === 'containers' || key === 'initContainers') && Array.isArray(value);
}

function pinned(container: unknown, digests: Digests): unknown {
  if (!isTree(container) || typeof container.image !== 'string') return container;
  const digest = digests[container.image];
  return digest === undefined ? container : { ...container, image: `${container.image}@${digest}` };
}

/** Flux takes a chart's digest beside its tag. */
function toPinnedSource(object: Tree, digests: Digests): Tree {
  const { kind, spec } = object;
  if (kind !== 'OCIRepository' || !isTree(spec) || !isTree(spec.ref) || typeof spec.url !== 'string')
    return object;
  const { ref, url } = spec;
  const digest = digests[`${url.replace(/^oci:\/\//, '')}:${String(ref.tag)}`];
  return digest === undefined || ref.digest !== undefined
    ? object
    : { ...object, spec: { ...spec, ref: { ...ref, digest } } };
}
