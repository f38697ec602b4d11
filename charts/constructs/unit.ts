import { ApiObject, App, Chart, Yaml } from 'cdk8s';

/** What Flux applies as one Kustomization: a folder of `dist/`, in it a file for each chart. */
export interface Unit {
  readonly name: string;
  /** Units of the same cluster that must be ready before. */
  readonly after: readonly string[];
  /** Makes the unit's charts. */
  readonly build: (app: App) => void;
}

/** Path below `dist/` → content. */
export type Files = ReadonlyMap<string, string>;

/**
 * A cluster's whole tree. Names and order depend on nothing but the units: not on time, place or machine.
 *
 * @throws Error for an object that two charts make: Flux would apply one over the other for ever.
 */
export function renderCluster(cluster: string, units: readonly Unit[]): Files {
  const files = new Map<string, string>();
  const makers = new Map<string, string>();
  for (const unit of units) {
    const app = new App({ recordConstructMetadata: false });
    unit.build(app);
    // Not app.charts: it computes a dependency graph, and here the order of the code is the order of the file.
    for (const chart of app.node.children.filter((child) => child instanceof Chart)) {
      const path = `clusters/${cluster}/${unit.name}/${chart.node.id}.yaml`;
      if (files.has(path)) throw new Error(`${path} is made twice; expected one unit of this name`);
      const objects = chart.node.findAll().filter((child) => child instanceof ApiObject);
      for (const object of objects) {
        const identity = toIdentity(object);
        const maker = makers.get(identity);
        if (maker !== undefined) throw new Error(`${path} makes ${identity}, which ${maker} makes too`);
        makers.set(identity, path);
      }
      files.set(path, Yaml.stringify(...objects.map((object) => object.toJson())));
    }
  }
  return files;
}

function toIdentity({ apiGroup, kind, metadata, name }: ApiObject): string {
  return `${apiGroup} ${kind} ${metadata.namespace ?? '-'}/${name}`;
}
