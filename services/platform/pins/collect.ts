import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** What runs in the clusters of a dist/, by the names that pins.json has for it. */
export interface Used {
  /** `docker.io/library/redis:8.6.3-bookworm`, and charts of OCI registries. */
  readonly images: readonly string[];
  readonly charts: readonly HelmChart[];
}

/** A chart of a Helm repository: an index of versions, by HTTP. */
export interface HelmChart {
  readonly repository: string;
  readonly chart: string;
  readonly version: string;
}

export class DistError extends Error {
  override name = 'DistError';
}

/**
 * @param known what is pinned already: a digest of another origin is a chart's own, and stays as it is
 * @throws DistError where nothing is rendered
 */
export function collectUsed(dist: string, known: Readonly<Record<string, string>>): Used {
  const clusters = join(dist, 'clusters');
  if (!existsSync(clusters))
    throw new DistError(`there is no ${clusters}; expected what npm run synth makes`);
  const images = new Set<string>();
  const charts = new Map<string, HelmChart>();
  for (const name of readdirSync(clusters, { recursive: true })
    .map(String)
    .filter((one) => one.endsWith('.yaml'))) {
    const objects = parseAllDocuments(readFileSync(join(clusters, name), 'utf8')).map((document) =>
      document.toJS(),
    );
    for (const object of objects.filter(isTree)) {
      for (const image of [...imagesIn(object), ...ociIn(object)]) {
        const [tagged = '', digest] = image.split('@');
        if (isOwn(tagged) || (digest !== undefined && known[tagged] !== digest)) continue;
        images.add(tagged);
      }
      const chart = chartIn(object, objects);
      if (chart !== undefined) charts.set(toKey(chart), chart);
    }
  }
  return {
    images: [...images].sort(),
    charts: [...charts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, chart]) => chart),
  };
}

/** As pins.json calls it. */
export function toKey({ repository, chart, version }: HelmChart): string {
  return `${repository.replace(/\/$/, '')}/${chart}:${version}`;
}

/** What Bellows itself is made of has the version of its package, and comes from a registry of one's own. */
function isOwn(image: string): boolean {
  return /\/(?:api|agent):\d+\.\d+\.\d+$/.test(image);
}

type Tree = Record<string, unknown>;

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Of all containers, wherever in an object its pods stand. */
function imagesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(imagesIn);
  if (!isTree(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(/^(?:initC|c)ontainers$/.test(key) && Array.isArray(inner)
      ? inner.flatMap((one) => (isTree(one) && typeof one.image === 'string' ? [one.image] : []))
      : []),
    ...imagesIn(inner),
  ]);
}

function ociIn({ kind, spec }: Tree): string[] {
  if (kind !== 'OCIRepository' || !isTree(spec) || !isTree(spec.ref)) return [];
  const { tag, digest } = spec.ref;
  if (typeof spec.url !== 'string' || typeof tag !== 'string') return [];
  return [`${spec.url.replace(/^oci:\/\//, '')}:${tag}${typeof digest === 'string' ? `@${digest}` : ''}`];
}

function chartIn({ kind, spec }: Tree, beside: readonly unknown[]): HelmChart | undefined {
  const { chart, version, sourceRef } = at(spec, 'chart', 'spec') ?? {};
  if (kind !== 'HelmRelease' || typeof chart !== 'string' || typeof version !== 'string') return undefined;
  const name = isTree(sourceRef) ? sourceRef.name : undefined;
  const source = beside
    .filter(isTree)
    .find((other) => other.kind === 'HelmRepository' && at(other, 'metadata')?.name === name);
  const repository = at(source, 'spec')?.url;
  return typeof repository === 'string' && /^https?:/.test(repository)
    ? { repository, chart, version }
    : undefined;
}

function at(value: unknown, ...path: readonly string[]): Tree | undefined {
  const found = path.reduce<unknown>((inner, key) => (isTree(inner) ? inner[key] : undefined), value);
  return isTree(found) ? found : undefined;
}
