import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, parseAllDocuments, visit } from 'yaml';
import type { Built, Rendered } from '../constructs/unit.ts';
import { sealedFolder } from '../places.ts';
import { PlatformError } from '../platform-file.ts';
import type { KubeObject, Secret } from './objects.ts';

const maxBytes = 1024 * 1024;

/** Whether SOPS has encrypted what it holds. */
export function isSealed(object: KubeObject): object is Secret {
  return object.kind === 'Secret' && 'sops' in object;
}

/**
 * A cluster, and what is sealed for it: files of `sealed/<cluster>/`, which no chart makes and Flux applies.
 *
 * @param folder of platform.yaml
 * @throws PlatformError for a file that holds no manifests
 */
export function withSealed(built: Built, folder: string): Built {
  const path = `${sealedFolder}/${built.name}`;
  if (!existsSync(join(folder, path))) return built;
  const files = readdirSync(join(folder, path), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file))
    .sort();
  return {
    ...built,
    objects: [...built.objects, ...files.flatMap((file) => readFile(folder, `${path}/${file}`, built.name))],
  };
}

function readFile(folder: string, path: string, cluster: string): Rendered[] {
  const text = readFileSync(join(folder, path), 'utf8');
  if (text.length > maxBytes) throw new PlatformError(`${path}: expected at most 1 MiB`);
  return parseAllDocuments(text, { prettyErrors: false }).map((document): Rendered => {
    const object: unknown = isPlain(document) ? document.toJS() : undefined;
    if (!isManifest(object))
      throw new PlatformError(
        `${path}: expected a manifest of which only data is encrypted (sops: encrypted_regex ^(data|stringData)$)`,
      );
    return { cluster, unit: sealedFolder, path, object, construct: path, origin: () => path };
  });
}

/** SOPS writes no aliases, and what they grow to has no bound. */
function isPlain(document: Document): boolean {
  let aliases = 0;
  visit(document, { Alias: () => void aliases++ });
  return document.errors.length + aliases === 0;
}

function isManifest(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  const { apiVersion, kind, metadata } = value as Partial<Record<keyof KubeObject, unknown>>;
  return (
    typeof apiVersion === 'string' &&
    typeof kind === 'string' &&
    typeof metadata === 'object' &&
    metadata !== null &&
    'name' in metadata &&
    typeof metadata.name === 'string'
  );
}
