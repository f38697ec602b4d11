import type { KubeObject } from '../objects.ts';
import { referencesOf, targetsOf } from '../references.ts';
import type { Broken, Rule } from '../rule.ts';
import { type CustomResourceDefinition, toGroup } from '../schema/kinds.ts';
import { folderOf, type Units, unitsOf } from '../units.ts';
import type { Item, World } from '../world.ts';
import { kindsOf } from './schema.ts';

export const namespaceExists: Rule = {
  name: 'namespace',
  says: 'Every namespace that an object lives in exists, and before the object.',
  why: 'The API server refuses the object.',
  *check(world) {
    const targets = targetsOf(world);
    const units = unitsOf(world);
    for (const item of world.items) {
      if (item.namespace === '') continue;
      const target = targets.get(`Namespace ${item.namespace}`);
      if (target === undefined)
        yield {
          item,
          at: 'metadata.namespace',
          message: `is ${item.namespace}, which nobody makes`,
          mend: 'make it in charts/foundation/namespaces.ts',
        };
      else yield* late(units, item, target.unit, 'metadata.namespace', `is ${item.namespace}`);
    }
  },
};

export const order: Rule = {
  name: 'order',
  says: 'What an object names is there before it: in the same unit, or in one that its unit depends on.',
  why: 'Flux waits for pods that wait for what only a later unit brings, until it gives up.',
  *check(world) {
    const targets = targetsOf(world);
    const units = unitsOf(world);
    for (const { item, at, to, optional } of referencesOf(world)) {
      const target = targets.get(to);
      if (target !== undefined && !optional) yield* late(units, item, target.unit, at, `names ${to}`);
    }
  },
};

export const crdFirst: Rule = {
  name: 'crd-first',
  says: 'A kind exists before its objects: whoever brings its CustomResourceDefinition is in an earlier unit.',
  why: 'Flux checks a unit as a whole, and one unknown kind keeps all of it from being applied.',
  *check(world) {
    const units = unitsOf(world);
    const makers = makersOf(world);
    for (const item of world.items) {
      if (kindsOf(world).find(item.object.apiVersion, item.object.kind)?.structural !== true) continue;
      if (!makers.has(item.group))
        yield {
          item,
          at: 'apiVersion',
          message: `is ${item.object.apiVersion}, and nobody brings that group`,
          mend: 'say with Brought which chart does',
        };
      else {
        const unit = makers.get(item.group);
        if (unit === item.rendered.unit || (unit !== undefined && !units.isBefore(unit, item.rendered.unit)))
          yield {
            item,
            at: 'apiVersion',
            message: `is ${item.object.apiVersion}, which comes with the unit ${unit}`,
            mend: `let ${item.rendered.unit} be a later unit, after ${unit}`,
          };
      }
    }
  },
};

/** API group → the unit that brings it. */
function makersOf(world: World): ReadonlyMap<string, string | undefined> {
  const crds = world.ofKind<KubeObject & CustomResourceDefinition>('CustomResourceDefinition');
  return new Map([
    ...world.brought.flatMap(({ unit, what }) =>
      (what.groups ?? []).map((group): [string, string | undefined] => [group, unit]),
    ),
    ...crds.map(({ object, rendered }): [string, string] => [object.spec.group, rendered.unit]),
  ]);
}

function* late(
  units: Units,
  item: Item,
  unit: string | undefined,
  at: string,
  says: string,
): Generator<Broken> {
  if (unit === undefined || units.isBefore(unit, item.rendered.unit)) return;
  yield {
    item,
    at,
    message: `${says}, which comes with the unit ${unit}, not before ${item.rendered.unit}`,
    mend: `let ${item.rendered.unit} come after ${unit} in charts/units.ts`,
  };
}

export const dependsOn: Rule = {
  name: 'depends-on',
  says: 'Each Kustomization depends on others that exist, without a circle, applies a folder of dist/, and waits for what is in it.',
  why: 'Flux would wait for ever, or go on before what it needs is there.',
  *check(world) {
    const { kustomizations } = unitsOf(world);
    const folders = new Set(world.items.map(({ rendered }) => folderOf(rendered)));
    for (const [name, item] of kustomizations) {
      const {
        path = '',
        dependsOn = [],
        ...spec
      } = item.object.spec as typeof item.object.spec & { wait?: boolean };
      if (!folders.has(path))
        yield {
          item,
          at: 'spec.path',
          message: `is ${path}, where nothing is rendered`,
          mend: `expected one of ${[...folders].join(', ')}`,
        };
      if (spec.wait !== true)
        yield {
          item,
          at: 'spec.wait',
          message: 'is not true',
          mend: 'set it: what comes after relies on what is in it',
        };
      for (const [index, { name: other }] of dependsOn.entries()) {
        if (!kustomizations.has(other))
          yield {
            item,
            at: `spec.dependsOn[${index}]`,
            message: `is ${other}, which is no Kustomization`,
            mend: `expected one of ${[...kustomizations.keys()].join(', ')}`,
          };
      }
      const circle = circleFrom(name, (one) =>
        (kustomizations.get(one)?.object.spec.dependsOn ?? []).map(({ name }) => name),
      );
      // Said once, by the first of them.
      if (circle !== undefined && circle.toSorted()[0] === name)
        yield {
          item,
          at: 'spec.dependsOn',
          message: `leads back to itself: ${[...circle, name].join(' → ')}`,
          mend: 'take one of them out in charts/units.ts',
        };
    }
  },
};

/** The way from a name back to it. */
function circleFrom(start: string, next: (name: string) => readonly string[]): string[] | undefined {
  const seen = new Set<string>();
  const walk = (name: string, way: readonly string[]): string[] | undefined => {
    for (const other of next(name)) {
      if (other === start) return [...way];
      if (seen.has(other)) continue;
      seen.add(other);
      const found = walk(other, [...way, other]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}

export const selfApplied: Rule = {
  name: 'self-applied',
  says: 'No Kustomization is in the folder that it applies.',
  why: 'It owns itself then, and deletes itself when its path moves.',
  *check(world) {
    for (const item of unitsOf(world).kustomizations.values()) {
      const { path = '' } = item.object.spec;
      if (`${folderOf(item.rendered)}/`.startsWith(`${path}/`))
        yield {
          item,
          at: 'spec.path',
          message: `is ${path}, and it stands in ${item.rendered.path}`,
          mend: 'let another Kustomization apply it',
        };
    }
  },
};

export const once: Rule = {
  name: 'once',
  says: 'No object is made twice.',
  why: 'Flux applies one over the other, for ever.',
  *check(world) {
    const makers = new Map<string, Item>();
    for (const item of world.items) {
      const identity = `${toGroup(item.object.apiVersion)} ${item.id}`;
      const maker = makers.get(identity);
      if (maker !== undefined)
        yield {
          item,
          message: `is made by ${maker.rendered.construct} too`,
          mend: 'give one of them another name, or leave it out',
        };
      else makers.set(identity, item);
    }
  },
};

export const unitSize: Rule = {
  name: 'unit-size',
  says: 'A unit has at most 200 objects.',
  why: 'What Flux does with a folder takes more than twice as long for twice the objects.',
  advice: true,
  *check(world) {
    for (const [unit, items] of Map.groupBy(world.items, ({ rendered }) => rendered.unit)) {
      const [item] = items;
      if (items.length > 200 && item !== undefined)
        yield {
          item,
          message: `is of the unit ${unit}, which has ${items.length} objects`,
          mend: 'divide it in charts/units.ts',
        };
    }
  },
};
