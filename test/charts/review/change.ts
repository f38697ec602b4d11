import fc from 'fast-check';
import type { Json } from './world.ts';

/** Something done to one place of an object. */
export interface Change {
  /** Which of its places; counted around. */
  readonly place: number;
  readonly kind: 'remove' | 'replace' | 'add' | 'vary';
  readonly by: number;
}

export const changes: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(),
  kind: fc.constantFrom('remove', 'replace', 'add', 'vary'),
  by: fc.nat(),
});

const values: readonly Json[] = [5, -1, 1.5, true, 'text', '', [], [{}], {}];

/** @returns the way to what was changed. What says which object it is stays. */
export function applyChange(object: Json, { place, kind, by }: Change): string[] {
  const places = placesIn(object).filter(([first, second]) =>
    first === 'metadata'
      ? ['labels', 'annotations'].includes(second ?? '')
      : first !== undefined && !['apiVersion', 'kind'].includes(first),
  );
  const way = places[place % places.length] ?? [];
  const last = way.at(-1) ?? '';
  const parent = way.slice(0, -1).reduce((inner, step) => inner[step], object);
  const old = parent[last];
  if (kind === 'remove') {
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else delete parent[last];
  } else if (kind === 'add' && typeof old === 'object' && !Array.isArray(old)) old.zzz = 1;
  else if (kind === 'vary') parent[last] = vary(old, by);
  else parent[last] = values[by % values.length];
  return way;
}

/** Another value of the same type. */
function vary(old: Json, by: number): Json {
  const one = (...list: Json[]) => list[by % list.length];
  if (typeof old === 'string')
    return one('', 'X', 'a b', 'x'.repeat(70), `${old}x`, `-${old}`, old.toUpperCase(), '99999', '*');
  if (typeof old === 'number') return one(0, -1, 70_000, old + 1);
  if (typeof old === 'boolean') return !old;
  return Array.isArray(old) ? one([], [...old, ...old]) : {};
}

/** Every place in an object: the steps that lead to it. */
function placesIn(value: Json, way: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [way];
  return [way, ...Object.keys(value).flatMap((key) => placesIn(value[key], [...way, key]))];
}
