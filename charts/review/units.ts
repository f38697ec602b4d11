import type { Kustomization } from './objects.ts';
import type { Item, World } from './world.ts';

/** The units of a cluster, as Flux will apply them. */
export interface Units {
  /** By name of the Kustomization: what applies each unit. */
  readonly kustomizations: ReadonlyMap<string, Item<Kustomization>>;
  /** Whether one unit is ready before the other begins; units that Flux does not order come before all. */
  isBefore(first: string, then: string): boolean;
}

/** What a person applies, and what applies everything else: both stand before every unit, in this order. */
export const first = ['bootstrap', 'flux'];

export function unitsOf(world: World): Units {
  const kustomizations = new Map(
    world.ofKind<Kustomization>('Kustomization').map((item) => [item.object.metadata.name, item]),
  );
  // A unit is the last folder of its path.
  const byUnit = new Map(
    [...kustomizations.values()].map((item) => [item.object.spec.path?.split('/').at(-1) ?? '', item]),
  );
  const before = new Map<string, ReadonlySet<string>>();
  const allBefore = (unit: string, seen: ReadonlySet<string>): ReadonlySet<string> => {
    const known = before.get(unit);
    if (known !== undefined) return known;
    const found = new Set<string>();
    for (const { name } of byUnit.get(unit)?.object.spec.dependsOn ?? []) {
      const other = kustomizations.get(name)?.object.spec.path?.split('/').at(-1);
      if (other === undefined || seen.has(other)) continue;
      found.add(other);
      for (const further of allBefore(other, new Set([...seen, other]))) found.add(further);
    }
    before.set(unit, found);
    return found;
  };
  return {
    kustomizations,
    isBefore: (one, then) => one === then || first.includes(one) || allBefore(then, new Set([then])).has(one),
  };
}
