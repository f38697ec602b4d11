import { join } from 'node:path';
import type { BroughtProps } from '../../../charts/constructs/brought.ts';
import type { Built } from '../../../charts/constructs/unit.ts';
import { readPlatform } from '../../../charts/platform-file.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';

const root = join(import.meta.dirname, '..', '..', '..');

// biome-ignore lint/suspicious/noExplicitAny: a draft is written to as JSON, each kind its own
export type Json = any;

/** The platform of this repository, to be changed in one place. */
export interface Draft {
  /** @param id `Deployment ci/api` */
  edit(id: string): Json;
  remove(id: string): void;
  add(unit: string, object: Json): void;
  /** Something that others make. */
  bring(unit: string, what: BroughtProps): void;
  /** What the cluster runs on. */
  run(machines: Built['machines']): void;
  /** Takes away what a chart said that others make. */
  unbring(by: string): void;
}

const [home] = buildPlatform(readPlatform(join(root, 'platform.yaml')), toUnits);
if (home === undefined) throw new Error('platform.yaml has no cluster');

/** The real platform as it is after `change`. */
export function platformWith(change: (draft: Draft) => void = () => undefined): Built {
  const built = home as Built;
  const objects = built.objects.map((rendered) => ({
    ...rendered,
    object: structuredClone(rendered.object) as Json,
  }));
  let brought = [...built.brought];
  let { machines } = built;
  const indexOf = (id: string): number => {
    const index = objects.findIndex(({ object }) => toId(object) === id);
    if (index < 0) throw new Error(`there is no ${id}`);
    return index;
  };
  change({
    edit: (id) => objects[indexOf(id)]?.object,
    remove: (id) => void objects.splice(indexOf(id), 1),
    add: (unit, object) => {
      const path = `clusters/home/${unit}/added.yaml`;
      const construct = `${unit}/added/object`;
      objects.push({ cluster: 'home', unit, path, object, construct, origin: () => 'charts/added.ts:1' });
    },
    run: (others) => {
      machines = others;
    },
    bring: (unit, what) => brought.push({ unit, what }),
    unbring: (by) => {
      brought = brought.filter(({ what }) => what.by !== by);
    },
  });
  return { ...built, objects, brought, machines };
}

export function toId({ kind, metadata }: Json): string {
  return `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
}
