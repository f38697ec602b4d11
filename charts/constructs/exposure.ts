import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { labelsOf, type Place, selectorOf } from '../places.ts';

export interface ExposureProps {
  readonly place: Place;
  /** Where people reach it, by HTTPS only. */
  readonly host: string;
  /** A TLS Secret in the place's namespace. @default the ingress controller's own certificate */
  readonly certificate: string | undefined;
}

/** A Service for the cluster, and the way in for people through k3s's Traefik. */
export class Exposure extends Construct {
  constructor(scope: Construct, id: string, { place, host, certificate }: ExposureProps) {
    super(scope, id);
    const { name, namespace, port } = place;
    const metadata = { name, namespace, labels: labelsOf(name) };
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: {
        selector: selectorOf(name),
        ports: [{ name: 'http', port, targetPort: k8s.IntOrString.fromNumber(port), protocol: 'TCP' }],
      },
    });
    new k8s.KubeIngress(this, 'ingress', {
      metadata: {
        ...metadata,
        annotations: { 'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure' },
      },
      spec: {
        ingressClassName: 'traefik',
        tls: [{ hosts: [host], ...(certificate === undefined ? {} : { secretName: certificate }) }],
        rules: [
          {
            host,
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: { service: { name, port: { number: port } } } },
              ],
            },
          },
        ],
      },
    });
  }
}
