import { referencesOf } from '../references.ts';
import { selectorOf, selects } from '../selector.ts';
import type { Item, World } from '../world.ts';

/** One object that has to do with another. */
export interface Relation {
  /** `Secret ci/bellows` */
  readonly id: string;
  /** Where it says so: `spec.template.spec.volumes[1].secret`. */
  readonly at: string;
}

export interface Relations {
  readonly names: readonly Relation[];
  readonly namedBy: readonly Relation[];
}

/** What an object names, and what names it: by name, or its pods by their labels. */
export function relationsOf(world: World, item: Item): Relations {
  const references = referencesOf(world);
  const selected = world.items.flatMap((other) => selectionsOf(world, other));
  const all = [...references.map(({ item: { id }, to, at }) => ({ from: id, to, at })), ...selected];
  return {
    names: once(all.filter(({ from }) => from === item.id).map(({ to, at }) => ({ id: to, at }))),
    namedBy: once(all.filter(({ to }) => to === item.id).map(({ from, at }) => ({ id: from, at }))),
  };
}

function selectionsOf(
  world: World,
  { id, object, namespace }: Item,
): { from: string; to: string; at: string }[] {
  const own = selectorOf(object);
  if (own === undefined) return [];
  return world.pods
    .filter((pods) => pods.namespace === namespace && selects(own.selector, pods.labels))
    .map((pods) => ({ from: id, to: pods.item.id, at: own.at }));
}

function once(relations: readonly Relation[]): Relation[] {
  return [...new Map(relations.map((relation) => [relation.id, relation])).values()];
}
