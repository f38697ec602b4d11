import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { agentConfigSchema } from '../../services/agent/config.ts';
import { toCollector } from '../collector.ts';
import { envFromSchema } from '../constructs/env-from-schema.ts';
import { podTemplate } from '../constructs/pod.ts';
import { ownImage } from '../pins.ts';
import { addressOf, api, gpuResource, gpuRuntime, labelsOf, namespaces, priorities } from '../places.ts';
import type { Cluster, Pool } from '../platform.ts';

const name = 'agent';
const claimedFile = '/run/bellows/claimed';

/** Who an agent is to the cluster: nobody. Its token is good for claiming a job at the api, and for nothing else. */
export function agentAccount(scope: Construct): void {
  new k8s.KubeServiceAccount(scope, 'account', {
    metadata: { name, namespace: namespaces.agents, labels: labelsOf(name) },
    automountServiceAccountToken: false,
  });
}

/** One agent, which takes one job. */
export function agentPod(poolName: string, pool: Pool, { registry, tracing }: Cluster) {
  const sends = tracing !== undefined && pool.internet && toCollector(tracing).isOpenToAgents;
  return podTemplate({
    name,
    labels: {
      'bellows.dev/pool': poolName,
      ...(pool.internet ? { 'bellows.dev/internet': 'true' } : {}),
    },
    // What a job has done so far is lost with its pod.
    annotations: { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' },
    image: ownImage({ registry }, name),
    env: [
      // What NVIDIA's runtime puts beside the devices.
      ...(pool.gpu === undefined ? [] : [{ name: 'NVIDIA_DRIVER_CAPABILITIES', value: 'compute,utility' }]),
      ...envFromSchema(agentConfigSchema, {
        BELLOWS_URL: `http://${addressOf(api)}`,
        BELLOWS_POOL: poolName,
        BELLOWS_AGENT: { fieldPath: 'metadata.name' },
        BELLOWS_TOKEN_FILE: '/run/bellows-token/token',
        BELLOWS_CLAIMED_FILE: claimedFile,
        BELLOWS_WORKSPACE: '/workspace',
        ...(sends ? { OTEL_EXPORTER_OTLP_ENDPOINT: tracing.endpoint } : {}),
      }),
    ],
    mounts: [
      { name: 'token', path: '/run/bellows-token', from: { tokenFor: 'bellows', seconds: 600 } },
      { name: 'run', path: '/run/bellows', from: { scratch: '1Mi', memory: true } },
      { name: 'workspace', path: '/workspace', from: { scratch: pool.disk } },
      { name: 'tmp', path: '/tmp', from: { scratch: pool.disk } },
    ],
    user: 1000,
    cpu: { request: pool.cpu, limit: pool.cpu },
    memory: pool.memory,
    disk: pool.disk,
    ...toGpu(pool),
    probes: {
      // Who has not claimed a minute after its start never will; it must not stand for one that would.
      startupProbe: { ...claimed, failureThreshold: 60 },
      readinessProbe: claimed,
    },
    serviceAccount: name,
    priority: priorities.agents,
    restartPolicy: 'Never',
    // For the job's processes to end, its log to leave, and its outcome to be said.
    graceSeconds: 60,
    nodeSelector: {
      'kubernetes.io/arch': pool.arch,
      ...(pool.gpu?.product === undefined ? {} : { 'nvidia.com/gpu.product': pool.gpu.product }),
    },
    userNamespace: pool.userNamespaces,
  });
}

/** Where GPUs are dear, their nodes are kept for those who need them. */
function toGpu({ gpu }: Pool) {
  if (gpu === undefined) return {};
  return { devices: { [gpuResource]: gpu.count }, tolerates: [gpuResource], runtime: gpuRuntime };
}

/** Ready means "I have claimed a job": this is what KEDA counts. */
const claimed = { exec: { command: ['test', '-e', claimedFile] }, periodSeconds: 1, timeoutSeconds: 2 };
