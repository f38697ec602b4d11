import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kind, Schema } from './schema.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'imports', 'schemas');

export interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema?: { readonly openAPIV3Schema?: Schema };
    }[];
  };
}

export interface Kinds {
  /** Of Kubernetes: `v1.34.4`. */
  readonly version: string;
  /** @param apiVersion `v1`, `apps/v1` */
  find(apiVersion: string, kind: string): Kind | undefined;
  /** Every `<apiVersion> <kind>` of its group. */
  listGroup(group: string): string[];
  readonly definitions: Readonly<Record<string, Schema>>;
}

interface CoreKind {
  readonly definition: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/**
 * Every kind that may be applied: those of Kubernetes, of the definitions in imports/schemas, and of these.
 * A group's file is read when one of its kinds is asked for.
 */
export function readKinds(own: readonly CustomResourceDefinition[] = []): Kinds {
  const core = readSchemas<unknown>('kubernetes.json');
  const definitions = core as Record<string, Schema>;
  const groups = new Map<string, Map<string, Kind>>();
  const groupOf = (group: string) => {
    const known = groups.get(group);
    if (known !== undefined) return known;
    const file = `${group}.json`;
    // A group's name is a DNS name; nothing else is asked of the file system.
    const there = /^[a-z0-9.-]+$/.test(group) && existsSync(join(folder, file));
    const imported = there ? Object.values(readSchemas<CustomResourceDefinition>(file)) : [];
    const made = toKinds([...imported, ...own.filter(({ spec }) => spec.group === group)]);
    groups.set(group, made);
    return made;
  };
  return {
    version: String(core.version),
    definitions,
    find(apiVersion, kind) {
      const found = core[`${apiVersion} ${kind}`] as CoreKind | undefined;
      if (found !== undefined) {
        const { definition, plural, namespaced } = found;
        return { schema: { $ref: `#/definitions/${definition}` }, plural, namespaced, structural: false };
      }
      return groupOf(toGroup(apiVersion)).get(`${apiVersion} ${kind}`);
    },
    listGroup(group) {
      const ofCore = Object.keys(core).filter(
        (name) => name.includes(' ') && toGroup(name.split(' ')[0] ?? '') === group,
      );
      return [...ofCore, ...groupOf(group).keys()];
    },
  };
}

/** `apps` of `apps/v1`; the oldest group has no name. */
export function toGroup(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

function toKinds(crds: readonly CustomResourceDefinition[]): Map<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const { spec } of crds) {
    for (const { name, served, schema } of spec.versions) {
      const known = schema?.openAPIV3Schema;
      if (!served || known === undefined) continue;
      kinds.set(`${spec.group}/${name} ${spec.names.kind}`, {
        schema: withMetadata(known),
        plural: spec.names.plural,
        namespaced: spec.scope === 'Namespaced',
        structural: true,
      });
    }
  }
  return kinds;
}

/** A definition leaves these to the API server, which wants of them what it wants of its own kinds. */
function withMetadata(schema: Schema): Schema {
  const required = new Set([
    ...(schema.required ?? []),
    ...(schema.properties?.spec === undefined ? [] : ['spec']),
  ]);
  return {
    ...schema,
    required: [...required],
    properties: {
      ...schema.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: objectMeta,
    },
  };
}

export const objectMeta: Schema = { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };

function readSchemas<T>(file: string): Record<string, T> {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, T>;
}
