import type { Built } from '../../constructs/unit.ts';
import type { Edit } from '../diff/judge.ts';
import type { Kustomization } from '../objects.ts';
import { referencesOf, targetsOf } from '../references.ts';
import { first, unitOf } from '../units.ts';
import { toWorld, type World } from '../world.ts';

/** What Flux applies as one. */
export interface Node {
  readonly unit: string;
  readonly objects: number;
  /** Objects that Flux will delete, as `Kind namespace/name`. */
  readonly prunes: readonly string[];
  /** How many units have to be ready before it, one after the other. */
  readonly depth: number;
}

/** `from` waits for `to`, or only names objects of it. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'waits' | 'names';
  /** How many references there are; of an edge that waits, too. */
  readonly references: number;
}

export interface ClusterGraph {
  readonly cluster: string;
  /** In the order in which they become ready. */
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
}

/** A circle of units that wait for each other. */
export class CircleError extends Error {
  override name = 'CircleError';
}

/**
 * The units of a cluster, what each waits for and what it names.
 *
 * @param edits what a change does (`./bellows diff`): what it removes is pruned
 * @throws CircleError naming the units that wait for each other
 */
export function toGraph(built: Built, edits: readonly Edit[] = []): ClusterGraph {
  const world = toWorld(built);
  const objects = Map.groupBy(world.items, ({ rendered }) => rendered.unit);
  const pruned = Map.groupBy(
    edits.filter(({ kind, clusters }) => kind === 'removed' && clusters.includes(built.name)),
    ({ unit }) => unit,
  );
  // What is sealed has no object here, and is waited for all the same.
  const applied = world.ofKind<Kustomization>('Kustomization').map(({ object }) => unitOf(object));
  const units = [...new Set([...objects.keys(), ...applied, ...pruned.keys()])];
  const waits = units.flatMap((from) => waitsOf(world, from).map((to) => ({ from, to })));
  const depths = toDepths(units, waits);
  const nodes = units
    .map((unit) => ({
      unit,
      objects: objects.get(unit)?.length ?? 0,
      prunes: (pruned.get(unit) ?? []).map(({ object }) => object).sort(),
      depth: depths.get(unit) ?? 0,
    }))
    .sort((a, b) => a.depth - b.depth);
  const targets = targetsOf(world);
  const named = Map.groupBy(
    referencesOf(world).flatMap(({ item, to }) => {
      const unit = targets.get(to)?.unit;
      return unit === undefined || unit === item.rendered.unit
        ? []
        : [{ from: item.rendered.unit, to: unit }];
    }),
    ({ from, to }) => `${from} ${to}`,
  );
  const waiting = waits.map(
    ({ from, to }): Edge => ({
      from,
      to,
      kind: 'waits',
      references: named.get(`${from} ${to}`)?.length ?? 0,
    }),
  );
  const naming = [...named.values()].flatMap((references): Edge[] => {
    const [first] = references;
    if (first === undefined || waits.some(({ from, to }) => from === first.from && to === first.to))
      return [];
    return [{ ...first, kind: 'names', references: references.length }];
  });
  return { cluster: built.name, nodes, edges: [...waiting, ...naming] };
}

/** What a unit waits for: what its Kustomization says, or else what stands before all of them. */
function waitsOf(world: World, unit: string): readonly string[] {
  const place = first.indexOf(unit);
  if (place >= 0) return first.slice(place - 1, place);
  const own = world.ofKind<Kustomization>('Kustomization').find(({ object }) => unitOf(object) === unit);
  const others = (own?.object.spec.dependsOn ?? []).map(({ name }) => name);
  return others.length === 0 ? first.slice(-1) : others;
}

/** The longest way from each unit to one that waits for none. */
function toDepths(
  units: readonly string[],
  waits: readonly { from: string; to: string }[],
): Map<string, number> {
  const depths = new Map<string, number>();
  const visit = (unit: string, way: readonly string[]): number => {
    if (way.includes(unit))
      throw new CircleError(`these units wait for each other: ${[...way, unit].join(' → ')}`);
    const known = depths.get(unit);
    if (known !== undefined) return known;
    const before = waits.filter(({ from }) => from === unit).map(({ to }) => visit(to, [...way, unit]));
    const depth = before.length === 0 ? 0 : Math.max(...before) + 1;
    depths.set(unit, depth);
    return depth;
  };
  for (const unit of units) visit(unit, []);
  return depths;
}
