import { ApiObject, App, Chart } from 'cdk8s';
import { type Digests, withDigests } from '../digests.ts';
import type { Machine } from '../fit.ts';
import { Brought, type BroughtProps } from './brought.ts';
import { NamedSecret } from './named-secret.ts';
import { originOf, recordOrigins } from './origin.ts';
import { toYaml } from './yaml.ts';

/** What Flux applies as one Kustomization: a folder of `dist/`, in it a file for each chart. */
export interface Unit {
  readonly name: string;
  /** Units of the same cluster that must be ready before. */
  readonly after: readonly string[];
  /** Not made here, but files of sealed/<cluster>/, which Flux opens: whom they are encrypted for. */
  readonly sealed?: readonly string[];
  /** Makes the unit's charts. */
  readonly build: (app: App) => void;
}

/** An object as it goes into `dist/`, and where it comes from. */
export interface Rendered {
  readonly cluster: string;
  readonly unit: string;
  /** The file, below `dist/`. */
  readonly path: string;
  /** Plain JSON, as YAML will say it. */
  readonly object: object;
  /** `services/api/exposure/service`: the unit, and the construct's own path. */
  readonly construct: string;
  /** Where the code that wanted it stands: `charts/services/api.ts:60`. Costly to ask for. */
  readonly origin: () => string | undefined;
}

/** All that a cluster consists of. */
export interface Built {
  readonly name: string;
  /** In the order of the units, the charts and the code. */
  readonly objects: readonly Rendered[];
  readonly brought: readonly { readonly unit: string; readonly what: BroughtProps }[];
  /** Names of the Secrets that charts refer to, wherever those come from. */
  readonly secrets: readonly string[];
  /** What it runs on, where platform.yaml says so. */
  readonly machines?: readonly Machine[] | undefined;
  /** What its images were pinned by. Undefined: nobody has asked the registries yet. */
  readonly digests?: Digests | undefined;
}

export interface BuildOptions {
  /** How a unit is built: with notes of where in the code, or without, a quarter sooner. @default with notes */
  readonly noting?: ((build: () => void) => void) | undefined;
  /** Of images. @default they stay as charts say them */
  readonly digests?: Digests | undefined;
}

/** Path below `dist/` → content. */
export type Files = ReadonlyMap<string, string>;

/** Makes every object of a cluster. Names and order depend on nothing but the units: not on time, place or machine. */
export function buildCluster(
  name: string,
  units: readonly Unit[],
  { noting = recordOrigins, digests }: BuildOptions = {},
): Built {
  const objects: Rendered[] = [];
  const brought: { unit: string; what: BroughtProps }[] = [];
  const secrets: string[] = [];
  const paths = new Set<string>();
  for (const unit of units) {
    const app = new App({ recordConstructMetadata: false });
    noting(() => unit.build(app));
    // Not app.charts: it computes a dependency graph, for an order that Flux does not need.
    for (const chart of app.node.children.filter((child) => Chart.isChart(child))) {
      const path = `clusters/${name}/${unit.name}/${chart.node.id}.yaml`;
      if (paths.has(path)) throw new Error(`${path} is made twice; expected one unit of this name`);
      paths.add(path);
      for (const child of chart.node.findAll()) {
        const construct = `${unit.name}/${child.node.path}`;
        if (child instanceof Brought) brought.push({ unit: unit.name, what: child.what });
        if (child instanceof NamedSecret) secrets.push(child.secret);
        if (ApiObject.isApiObject(child)) {
          const object: object = child.toJson();
          objects.push({
            cluster: name,
            unit: unit.name,
            path,
            object: digests === undefined ? object : withDigests(object, digests),
            construct,
            origin: () => originOf(child),
          });
        }
      }
    }
  }
  return { name, objects, brought, secrets, digests };
}

/**
 * A cluster's tree, as text. What stands where in a file follows from what is in it: code that moves changes
 * nothing.
 *
 * @throws Error for an object that two charts make: Flux would apply one over the other for ever.
 */
export function toFiles({ objects }: Built): Files {
  const makers = new Map<string, string>();
  const byPath = new Map<string, Identified[]>();
  for (const { object, path } of objects) {
    const identity = toIdentity(object as Named);
    const maker = makers.get(identity);
    if (maker !== undefined) throw new Error(`${path} makes ${identity}, which ${maker} makes too`);
    makers.set(identity, path);
    const members = byPath.get(path);
    if (members === undefined) byPath.set(path, [{ identity, object }]);
    else members.push({ identity, object });
  }
  return new Map(
    [...byPath].map(([path, members]) => [
      path,
      toYaml(members.sort(byIdentity).map(({ object }) => object)),
    ]),
  );
}

/** Both steps, for one cluster. */
export function renderCluster(name: string, units: readonly Unit[]): Files {
  return toFiles(buildCluster(name, units, { noting: (build) => build() }));
}

interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

interface Identified {
  readonly identity: string;
  readonly object: object;
}

/** By code units: no language has a say. */
function byIdentity(a: Identified, b: Identified): number {
  return a.identity < b.identity ? -1 : a.identity > b.identity ? 1 : 0;
}

/** Never the version: Kubernetes has the same object in each. */
function toIdentity({ apiVersion, kind, metadata }: Named): string {
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : ['core'];
  return `${group} ${kind} ${metadata.namespace ?? '-'}/${metadata.name}`;
}
