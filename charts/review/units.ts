import type { Rendered } from '../constructs/unit.ts';
import { sealedFolder } from '../places.ts';
import type { Kustomization } from './objects.ts';
import type { Item, World } from './world.ts';

/** The units of a cluster, as Flux will apply them. */
export interface Units {
  /** By name of the Kustomization: what applies each unit. */
  readonly kustomizations: ReadonlyMap<string, Item<Kustomization>>;
  /** Whether one unit is ready before the other begins; units that Flux does not order come before all. */
  isBefore(first: string, then: string): boolean;
}

/** The unit that a Kustomization applies: the last folder of its path, but for what is sealed beside dist/. */
export function unitOf({ spec: { path = '' } }: Kustomization): string {
  return path.startsWith(`./${sealedFolder}/`) ? sealedFolder : (path.split('/').at(-1) ?? '');
}

/** The folder that an object stands in, as a Kustomization calls it. */
export function folderOf({ path }: Rendered): string {
  const folder = path.split('/').slice(0, -1).join('/');
  return folder.startsWith(`${sealedFolder}/`) ? `./${folder}` : `./dist/${folder}`;
}

/** What a person applies, and what applies everything else: both stand before every unit, in this order. */
export const first = ['bootstrap', 'flux'];

export function unitsOf(world: World): Units {
  const kustomizations = new Map(
    world.ofKind<Kustomization>('Kustomization').map((item) => [item.object.metadata.name, item]),
  );
  const byUnit = new Map([...kustomizations.values()].map((item) => [unitOf(item.object), item]));
  const before = new Map<string, ReadonlySet<string>>();
  const allBefore = (unit: string, seen: ReadonlySet<string>): ReadonlySet<string> => {
    const known = before.get(unit);
    if (known !== undefined) return known;
    const found = new Set<string>();
    for (const { name } of byUnit.get(unit)?.object.spec.dependsOn ?? []) {
      const applies = kustomizations.get(name);
      const other = applies && unitOf(applies.object);
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
