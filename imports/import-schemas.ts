// Makes imports/schemas/*.json, what `./bellows check` holds objects against: a definition, or a
// CustomResourceDefinition, a line. Run by import.sh:
//
//   node imports/import-schemas.ts VERSION SWAGGER.json CRD.yaml…
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Json, type JsonObject, kubernetesConditions, kubernetesLimits, patchCrd } from './patches.ts';

const [version, swaggerFile, ...crdFiles] = process.argv.slice(2);
if (version === undefined || swaggerFile === undefined || crdFiles.length === 0) {
  throw new Error(
    'expected a version of Kubernetes, its OpenAPI document, and files of CustomResourceDefinitions',
  );
}
const folder = join(import.meta.dirname, 'schemas');

interface Operation {
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string };
}
const swagger = JSON.parse(readFileSync(swaggerFile, 'utf8')) as {
  paths: Record<string, { post?: Operation }>;
  definitions: Record<string, JsonObject>;
};
const kinds = toKinds();
const definitions = toDefinitions(Object.values(kinds).map(({ definition }) => definition));
for (const [name, limits] of Object.entries(kubernetesLimits)) limit(name, limits);
for (const [name, { required = [], ...conditions }] of Object.entries(kubernetesConditions)) {
  const definition = definitions[name] ?? {};
  const all = new Set([...((definition.required ?? []) as string[]), ...(required as string[])]);
  Object.assign(definition, conditions, all.size === 0 ? {} : { required: [...all] });
}
write('kubernetes.json', [
  ['version', version],
  ...Object.entries(kinds).sort(byName),
  ...Object.entries(definitions).sort(byName),
]);

const crds = crdFiles.flatMap((file) =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Crd | null),
);
interface Crd {
  metadata: { name: string };
  spec: { group: string };
}
const groups = Map.groupBy(
  crds.filter((crd) => crd !== null),
  (crd) => crd.spec.group,
);
for (const [group, members] of groups) {
  const made = members.map((crd): [string, Json] => {
    const short = withoutDescriptions(crd as unknown as JsonObject) as JsonObject;
    patchCrd(crd.metadata.name, short);
    return [crd.metadata.name, short];
  });
  write(`${group}.json`, made.sort(byName));
}

/** What may be made and is stable: `apps/v1 Deployment`. */
function toKinds() {
  const byKind = new Map<string, string>();
  for (const [name, definition] of Object.entries(swagger.definitions)) {
    const made = (definition['x-kubernetes-group-version-kind'] ?? []) as Record<string, string>[];
    for (const { group, version, kind } of made) byKind.set(`${group}/${version}/${kind}`, name);
  }
  const found: Record<string, { definition: string; plural: string; namespaced: boolean }> = {};
  for (const [path, { post }] of Object.entries(swagger.paths)) {
    const made = post?.['x-kubernetes-group-version-kind'];
    const plural = path.split('/').at(-1) ?? '';
    // Below a name are parts of an object, such as its log; a review is a question, not an object.
    if (made === undefined || path.includes('{name}') || !/^v\d+$/.test(made.version)) continue;
    const { group, version, kind } = made;
    const definition = byKind.get(`${group}/${version}/${kind}`);
    if (definition === undefined || /Review$|^Binding$/.test(kind)) continue;
    const name = `${group === '' ? '' : `${group}/`}${version} ${kind}`;
    found[name] = {
      definition,
      plural,
      namespaced: path.includes('{namespace}') || (found[name]?.namespaced ?? false),
    };
  }
  return found;
}

/** These, and all that they are made of. */
function toDefinitions(roots: readonly string[]): Record<string, JsonObject> {
  const kept: Record<string, JsonObject> = {};
  const keep = (name: string): void => {
    if (name in kept) return;
    const made = withoutDescriptions(swagger.definitions[name] ?? {}) as JsonObject;
    kept[name] = made;
    for (const [, other = ''] of JSON.stringify(made).matchAll(/"#\/definitions\/([^"]+)"/g)) keep(other);
  };
  for (const root of roots) keep(root);
  return kept;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** A key `description` of a schema is prose; one below `properties` is a field. */
function withoutDescriptions(value: Json, fields = false): Json {
  if (Array.isArray(value)) return value.map((entry) => withoutDescriptions(entry));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => fields || (key !== 'description' && key !== 'x-kubernetes-unions'))
      .map(([key, inner]) => [key, withoutDescriptions(inner, key === 'properties' && !fields)]),
  );
}

function limit(name: string, limits: Record<string, JsonObject>): void {
  for (const [field, more] of Object.entries(limits)) {
    const schema = (definitions[name]?.properties as Record<string, JsonObject> | undefined)?.[field];
    if (schema === undefined)
      throw new Error(`${name} has no ${field}; expected patches.ts to name what there is`);
    const { items, ...ofList } = more;
    const isOfList = schema.items === undefined || 'minItems' in more || 'maxItems' in more;
    Object.assign(isOfList ? schema : (schema.items as JsonObject), ofList);
    if (items !== undefined) Object.assign(schema.items as JsonObject, items);
  }
}

function write(file: string, entries: readonly (readonly [string, Json])[]): void {
  const lines = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  writeFileSync(join(folder, file), `{\n${lines.join(',\n')}\n}\n`);
}
