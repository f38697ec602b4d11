import { Construct } from 'constructs';
import { HelmRelease, HelmReleaseSpecChartSpecSourceRefKind } from '../../imports/helm.toolkit.fluxcd.io.ts';
import { HelmRepository } from '../../imports/source.toolkit.fluxcd.io.ts';
import { labelsOf } from '../places.ts';

export interface HelmChartProps {
  readonly name: string;
  readonly namespace: string;
  readonly pin: { readonly repository: string; readonly chart: string; readonly version: string };
  readonly values: object;
}

/** An add-on by its own Helm chart, which Flux fetches and keeps as it is here. */
export class HelmChart extends Construct {
  constructor(scope: Construct, id: string, { name, namespace, pin, values }: HelmChartProps) {
    super(scope, id);
    const metadata = { name, namespace, labels: labelsOf(name) };
    new HelmRepository(this, 'repository', { metadata, spec: { url: pin.repository, interval: '12h' } });
    new HelmRelease(this, 'release', {
      metadata,
      spec: {
        interval: '30m',
        chart: {
          spec: {
            chart: pin.chart,
            version: pin.version,
            sourceRef: { kind: HelmReleaseSpecChartSpecSourceRefKind.HELM_REPOSITORY, name },
          },
        },
        install: { remediation: { retries: -1 } },
        upgrade: { remediation: { retries: 3 } },
        values,
      },
    });
  }
}
