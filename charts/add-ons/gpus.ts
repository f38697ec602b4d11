import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { stringify } from 'yaml';
import { Brought } from '../constructs/brought.ts';
import { HelmChart } from '../constructs/helm-chart.ts';
import { helmPins } from '../pins.ts';
import { gpuLabel, gpuResource, gpuRuntime } from '../places.ts';
import type { Cluster } from '../platform.ts';

const name = 'nvidia-device-plugin';
/** It looks at the devices of its node, which no namespace that enforces `restricted` lets it do. */
const namespace = 'kube-system';

/** Offers the GPUs of nodes to pods, each to one alone or in shares of time. */
export class Gpus extends Chart {
  constructor(scope: Construct, { gpu }: Cluster) {
    super(scope, 'gpus', { disableResourceNameHashes: true });
    new Brought(this, 'plugin', {
      by: "NVIDIA's Helm chart",
      pods: [{ namespace, labels: { 'app.kubernetes.io/name': name }, ports: [] }],
    });
    new HelmChart(this, 'chart', {
      name,
      namespace,
      pin: helmPins.nvidia,
      values: {
        runtimeClassName: gpuRuntime,
        // In place of labels that another program of NVIDIA sets: k3s sets ours.
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: onGpuNodes }],
            },
          },
        },
        tolerations: [{ key: gpuResource, operator: 'Exists', effect: 'NoSchedule' }],
        ...(gpu.shares === 1 ? {} : { config: { map: { default: toSharing(gpu.shares) } } }),
      },
    });
  }
}

export function needsGpuPlugin({ gpu, pools }: Cluster): boolean {
  return gpu.plugin && Object.values(pools).some((pool) => pool.gpu !== undefined);
}

const onGpuNodes = Object.entries(gpuLabel).map(([key, value]) => ({
  key,
  operator: 'In',
  values: [value],
}));

function toSharing(replicas: number): string {
  return stringify({
    version: 'v1',
    sharing: {
      timeSlicing: { failRequestsGreaterThanOne: true, resources: [{ name: gpuResource, replicas }] },
    },
  });
}
