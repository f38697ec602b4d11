import { parseAllDocuments } from 'yaml';
import type { Files } from '../../charts/constructs/unit.ts';

/** A rendered object, as far as these tests look into one. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: a spec is different for each kind
  spec?: any;
  data?: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: of Roles and RoleBindings
  [key: string]: any;
}

export interface Rendered {
  path: string;
  object: KubeObject;
}

export function toObjects(files: Files): Rendered[] {
  // What stands beside, for the machines themselves, is no manifest.
  const manifests = [...files].filter(([path]) => path.startsWith('clusters/'));
  return manifests.flatMap(([path, text]) =>
    parseAllDocuments(text).map((document) => ({ path, object: document.toJS() as KubeObject })),
  );
}

export interface PodTemplate {
  /** `Deployment ci/api` */
  of: string;
  namespace: string;
  metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: read as JSON
  spec: any;
  /** Names of the claims that a StatefulSet makes. */
  claims: string[];
}

/** Every pod that can come from these objects. */
export function toPods(objects: readonly KubeObject[]): PodTemplate[] {
  return objects.flatMap((object) => {
    const template = object.spec?.jobTargetRef?.template ?? object.spec?.template;
    if (template?.spec?.containers === undefined) return [];
    const namespace = object.metadata.namespace ?? 'default';
    const claims = (object.spec.volumeClaimTemplates ?? []).map((claim: KubeObject) => claim.metadata.name);
    return [{ of: `${object.kind} ${namespace}/${object.metadata.name}`, namespace, ...template, claims }];
  });
}

/** Whether a pod's labels have all that a selector asks for. */
export function matches(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}
