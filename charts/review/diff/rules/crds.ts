import type { Schema } from '../../schema/schema.ts';
import type { Change } from '../changes.ts';
import type { DiffRule } from '../rule.ts';

export const crdShrinks: DiffRule = {
  name: 'crd-shrinks',
  level: 'block',
  says: 'A version or a field of a CustomResourceDefinition goes, or what was allowed no longer is.',
  why: 'Objects that have it are pruned or refused, and an older controller that reads it stops.',
  *check({ changes }) {
    for (const change of changes) {
      if (change.kind !== 'changed' || change.after?.object.kind !== 'CustomResourceDefinition') continue;
      for (const [at, message] of shrinks(change))
        yield {
          change,
          at,
          message,
          mend: 'keep it until no object has it and no controller reads it, then waive this',
        };
    }
  },
};

interface Crd {
  readonly spec: {
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema?: { readonly openAPIV3Schema?: Schema };
    }[];
  };
}

type Shrink = readonly [at: string, message: string];

function* shrinks({ before, after }: Change): Generator<Shrink> {
  const [old, fresh] = [before?.object, after?.object] as unknown as [Crd, Crd];
  for (const version of old.spec.versions) {
    const at = `spec.versions[${version.name}]`;
    const now = fresh.spec.versions.find(({ name }) => name === version.name);
    if (now === undefined) yield [at, 'is no longer there'];
    else if (version.served && !now.served) yield [at, 'is no longer served'];
    else yield* ofSchema(version.schema?.openAPIV3Schema, now.schema?.openAPIV3Schema, `${at}.schema`);
  }
}

function* ofSchema(old: Schema | undefined, fresh: Schema | undefined, at: string): Generator<Shrink> {
  if (old === undefined || old === fresh) return;
  if (fresh === undefined) return yield [at, 'has no schema any more'];
  if (old.type !== undefined && fresh.type !== old.type)
    yield [at, `was ${old.type}, and is ${fresh.type ?? 'of no type'}`];
  const lost = (old.enum ?? []).filter((value) => fresh.enum !== undefined && !fresh.enum.includes(value));
  if (lost.length > 0) yield [at, `no longer takes ${lost.map((value) => JSON.stringify(value)).join(', ')}`];
  const wanted = (fresh.required ?? []).filter((name) => old.required?.includes(name) !== true);
  if (wanted.length > 0) yield [at, `now needs ${wanted.join(', ')}`];
  const open = fresh['x-kubernetes-preserve-unknown-fields'] === true;
  for (const [name, property] of Object.entries(old.properties ?? {})) {
    const now = fresh.properties?.[name];
    if (now !== undefined) yield* ofSchema(property, now, `${at}.${name}`);
    else if (!open) yield [`${at}.${name}`, 'is no longer there'];
  }
  yield* ofSchema(old.items, fresh.items, `${at}[]`);
  if (typeof old.additionalProperties === 'object' && typeof fresh.additionalProperties === 'object')
    yield* ofSchema(old.additionalProperties, fresh.additionalProperties, `${at}.*`);
}
