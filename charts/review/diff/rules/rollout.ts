import type { FieldChange } from '../fields.ts';
import type { DiffRule } from '../rule.ts';

const kinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

export const rollout: DiffRule = {
  name: 'rollout',
  level: 'look',
  says: 'The pods of a workload are started anew.',
  why: 'Whoever is alone, as Redis is, does not answer meanwhile.',
  *check({ changes }) {
    for (const change of changes) {
      const fields = change.fields.filter(({ at }) => /^spec\.template\b/.test(at));
      if (fields.length === 0 || !kinds.has(change.after?.object.kind ?? '')) continue;
      const images = fields.filter(({ at }) => at.endsWith('.image')).map(toText);
      const of = images.length === 0 ? '' : `: ${images.join(', ')}`;
      yield { change, at: 'spec.template', message: `its pods restart${of}`, mend: 'choose the time' };
    }
  },
};

export const reinstalled: DiffRule = {
  name: 'reinstalled',
  level: 'look',
  says: 'A Helm chart is installed in another version, under another name or in another place.',
  why: 'An upgrade may bring other CRDs, and another name or place uninstalls the old release first.',
  *check({ changes }) {
    for (const change of changes) {
      if (change.kind !== 'changed' || change.after?.object.kind !== 'HelmRelease') continue;
      for (const field of change.fields)
        if (
          /^spec\.(?:chart\.spec\.(?:version|chart)|chartRef\b|releaseName|targetNamespace|storageNamespace)/.test(
            field.at,
          )
        )
          yield {
            change,
            at: field.at,
            message: `goes from ${toText(field)}`,
            mend: "read the chart's notes on upgrades",
          };
    }
  },
};

function toText({ before, after }: FieldChange): string {
  return `${String(before ?? 'nothing')} to ${String(after ?? 'nothing')}`;
}
