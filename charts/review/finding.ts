import { compareText } from './compare.ts';
/** Something that is not right, or could be better. */
export interface Finding {
  /** The rule that it breaks, by its name. */
  readonly rule: string;
  /** An error would not work, or should not; advice is for a person to weigh. */
  readonly level: 'error' | 'advice';
  /** `Deployment ci/api`; empty for what is no object's. */
  readonly object: string;
  /** The clusters that have it. */
  readonly clusters: readonly string[];
  /** The file below dist/. */
  readonly file: string;
  /** `services/api/exposure/service` */
  readonly construct: string;
  /** `charts/services/api.ts:60` */
  readonly source: string | undefined;
  /** `spec.template.spec.containers[0].image`; empty for the object as a whole. */
  readonly at: string;
  readonly message: string;
  /** How to mend it. */
  readonly mend: string;
}

/** One line, first of all where to look. */
export function toLine({
  rule,
  level,
  object,
  clusters,
  construct,
  source,
  at,
  message,
  mend,
}: Finding): string {
  const subject = [object, at].filter((part) => part !== '').join(' ');
  const sentence = `${subject} ${message}; ${mend}`;
  const where = [clusters.join(', '), construct].filter((part) => part !== '').join(': ');
  return `${source ?? 'dist'}: ${level === 'advice' ? 'advice ' : ''}${rule}: ${sentence} (${where})`;
}

/** Errors first; then by place, so that the same state is always said in the same words. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) =>
      compareText(a.level === 'advice' ? '1' : '0', b.level === 'advice' ? '1' : '0') ||
      compareText(a.source ?? '', b.source ?? '') ||
      compareText(a.object, b.object) ||
      compareText(a.rule, b.rule) ||
      compareText(a.at, b.at) ||
      compareText(a.message, b.message),
  );
}

/** A finding in one cluster. */
export type Found = Omit<Finding, 'clusters' | 'source'> & {
  readonly cluster: string;
  readonly origin: () => string | undefined;
};

/** What several clusters have in common is said once, and so is what a rule meets twice at one place. */
export function joinClusters(found: readonly Found[]): Finding[] {
  const same = Map.groupBy(found, ({ rule, object, construct, at, message }) =>
    JSON.stringify([rule, object, construct, at, message]),
  );
  return [...same.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { cluster: _, origin, ...finding } = first;
    return [{ ...finding, clusters: [...new Set(group.map(({ cluster }) => cluster))], source: origin() }];
  });
}
