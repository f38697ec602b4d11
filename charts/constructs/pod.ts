import { createHash } from 'node:crypto';
import { k8s } from 'cdk8s-plus-28';
import { labelsOf, priorities, selectorOf } from '../places.ts';

/** What a container finds at a path. */
export type Source =
  /** Empty at start, gone with the pod. `memory`: never on a disk, and counts as the container's memory. */
  | { readonly scratch: string; readonly memory?: boolean }
  /** Chosen keys of a Secret, as files. */
  | { readonly secret: string; readonly keys: readonly string[] }
  /** Chosen keys of several Secrets, as files of one folder; of an optional one what is there. */
  | { readonly secrets: readonly { name: string; keys: readonly string[]; optional?: boolean }[] }
  /** A ConfigMap, as files; with `paths`, where each of its keys stands. */
  | { readonly config: string; readonly paths?: Readonly<Record<string, string>> }
  /** A token of the pod's ServiceAccount that is good for this audience only. */
  | { readonly tokenFor: string; readonly seconds: number }
  /** What the container needs to speak to the Kubernetes API: token, ca.crt, namespace. */
  | { readonly kubernetes: true }
  /** A volume that all replicas share, by its claim. */
  | { readonly volume: string }
  /** A volume of the StatefulSet's own, by its claim template. */
  | { readonly claim: true };

export interface Mount {
  /** Name of the volume, one in the pod. */
  readonly name: string;
  readonly path: string;
  readonly from: Source;
}

export interface ContainerProps {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly k8s.EnvVar[];
  /** What it listens on. @default nothing */
  readonly port?: number;
  /** What else it listens on, by names of ports. @default nothing */
  readonly ports?: Readonly<Record<string, number>>;
  /** Where it shows its figures, as the port `metrics`. @default nowhere */
  readonly metricsPort?: number;
  /** What has the name of another container's mount is the same volume. */
  readonly mounts: readonly Mount[];
  /** Cores. `limit`: more than asked for is never given. */
  readonly cpu: { readonly request: number; readonly limit?: number };
  /** Asked for and never exceeded. */
  readonly memory: string;
  /** Written to disk outside of claims: asked for and never exceeded. @default no limit */
  readonly disk?: string;
  /** Of further kinds: `nvidia.com/gpu`. @default none */
  readonly devices?: Readonly<Record<string, number>>;
  readonly probes?: Pick<k8s.Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;
}

/** `name` is that of the program: its container, its label. */
export interface PodProps extends ContainerProps {
  /** Further labels of the pod. @default none */
  readonly labels?: Record<string, string>;
  /** What has to end well before, one after the other. @default nothing */
  readonly first?: readonly ContainerProps[];
  /** What runs as long as the program does. @default nothing */
  readonly beside?: readonly ContainerProps[];
  /** The user and group it runs as; never 0. */
  readonly user: number;
  readonly serviceAccount: string;
  /** @default the platform's own */
  readonly priority?: string;
  readonly restartPolicy?: 'Always' | 'Never' | 'OnFailure';
  /** @default 30 */
  readonly graceSeconds?: number;
  /** What is kept of the node: @default anything */
  readonly nodeSelector?: Record<string, string>;
  /** Nodes that are kept for who needs them are open to it. @default none */
  readonly tolerates?: readonly string[];
  /** What runs its containers. @default the node's own */
  readonly runtime?: string;
  /** On the node of this program's pod, whose volume it looks at. @default anywhere */
  readonly nodeOf?: string;
  /** Pods of this program stay apart where there are several nodes. @default false */
  readonly spread?: boolean;
  /** The pod's root is nobody on the node. @default the cluster's default */
  readonly userNamespace?: boolean;
  /** Configuration whose change must start the pod anew. @default none */
  readonly restartOn?: string;
  readonly annotations?: Record<string, string>;
}

/**
 * A pod that Pod Security `restricted` admits, with a root file system that nothing can write, and without a token of
 * the Kubernetes API.
 */
export function podTemplate(props: PodProps) {
  const { name, user, first = [], beside = [] } = props;
  const volumes = new Map(
    [...first, props, ...beside].flatMap(({ mounts }) => mounts).map((one) => [one.name, one]),
  );
  const annotations = {
    ...props.annotations,
    ...(props.restartOn === undefined ? {} : { 'bellows.dev/config': hash(props.restartOn) }),
  };
  return {
    metadata: {
      labels: { ...labelsOf(name), ...props.labels },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      serviceAccountName: props.serviceAccount,
      priorityClassName: props.priority ?? priorities.platform,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(props.userNamespace === true ? { hostUsers: false } : {}),
      restartPolicy: props.restartPolicy ?? 'Always',
      terminationGracePeriodSeconds: props.graceSeconds ?? 30,
      ...(props.nodeSelector === undefined ? {} : { nodeSelector: props.nodeSelector }),
      ...(props.tolerates === undefined
        ? {}
        : { tolerations: props.tolerates.map((key) => ({ key, operator: 'Exists', effect: 'NoSchedule' })) }),
      ...(props.runtime === undefined ? {} : { runtimeClassName: props.runtime }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      ...(props.spread === true ? { topologySpreadConstraints: [spread(name)] } : {}),
      ...(props.nodeOf === undefined ? {} : { affinity: { podAffinity: onNodeOf(props.nodeOf) } }),
      ...(first.length === 0 ? {} : { initContainers: first.map(container) }),
      containers: [props, ...beside].map(container),
      volumes: [...volumes.values()].flatMap(volume),
    },
  };
}

function container(props: ContainerProps) {
  const { cpu, memory, disk, devices = {} } = props;
  const quantity = k8s.Quantity.fromString;
  const bounded = {
    memory: quantity(memory),
    ...(disk === undefined ? {} : { 'ephemeral-storage': quantity(disk) }),
    ...Object.fromEntries(
      Object.entries(devices).map(([name, count]) => [name, k8s.Quantity.fromNumber(count)]),
    ),
  };
  return {
    name: props.name,
    image: props.image,
    imagePullPolicy: 'IfNotPresent',
    ...(props.command === undefined ? {} : { command: [...props.command] }),
    ...(props.args === undefined ? {} : { args: [...props.args] }),
    ...(props.env === undefined ? {} : { env: [...props.env] }),
    ...toPorts(props),
    resources: {
      requests: { cpu: quantity(String(cpu.request)), ...bounded },
      limits: { ...(cpu.limit === undefined ? {} : { cpu: quantity(String(cpu.limit)) }), ...bounded },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
    volumeMounts: props.mounts.map(({ name, path, from }) => ({
      name,
      mountPath: path,
      ...('scratch' in from || 'claim' in from || 'volume' in from ? {} : { readOnly: true }),
    })),
    ...props.probes,
  };
}

function toPorts({ name, port, ports, metricsPort }: ContainerProps) {
  const all = Object.entries({ [name]: port, ...ports, metrics: metricsPort }).flatMap(
    ([name, containerPort]) =>
      containerPort === undefined ? [] : [{ name, containerPort, protocol: 'TCP' }],
  );
  return all.length === 0 ? {} : { ports: all };
}

type Volume = Pick<
  k8s.Volume,
  'name' | 'emptyDir' | 'configMap' | 'secret' | 'projected' | 'persistentVolumeClaim'
>;

function volume({ name, from }: Mount): Volume[] {
  if ('claim' in from) return [];
  if ('volume' in from) return [{ name, persistentVolumeClaim: { claimName: from.volume } }];
  if ('scratch' in from) {
    const sizeLimit = k8s.Quantity.fromString(from.scratch);
    return [{ name, emptyDir: { sizeLimit, ...(from.memory === true ? { medium: 'Memory' } : {}) } }];
  }
  if ('config' in from) {
    const items = Object.entries(from.paths ?? {}).map(([key, path]) => ({ key, path }));
    const some = items.length === 0 ? {} : { items };
    return [{ name, configMap: { name: from.config, defaultMode: 0o444, ...some } }];
  }
  if ('secret' in from) {
    const items = from.keys.map((key) => ({ key, path: key }));
    return [{ name, secret: { secretName: from.secret, defaultMode: 0o440, items } }];
  }
  if ('secrets' in from)
    return [{ name, projected: { defaultMode: 0o440, sources: from.secrets.map(toSource) } }];
  if ('kubernetes' in from) return [{ name, projected: { defaultMode: 0o440, sources: kubernetesAccess } }];
  const serviceAccountToken = { path: 'token', audience: from.tokenFor, expirationSeconds: from.seconds };
  return [{ name, projected: { defaultMode: 0o440, sources: [{ serviceAccountToken }] } }];
}

function toSource({ name, keys, optional }: { name: string; keys: readonly string[]; optional?: boolean }) {
  const items = keys.map((key) => ({ key, path: key }));
  return { secret: { name, items, ...(optional === true ? { optional } : {}) } };
}

/** What `automountServiceAccountToken` would mount, for the one pod that needs it. */
const kubernetesAccess = [
  { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
];

function spread(name: string) {
  return {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { 'app.kubernetes.io/name': name } },
  };
}

function onNodeOf(name: string) {
  return {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: selectorOf(name) } },
    ],
  };
}

/** A content hash belongs into an annotation, which may change; never into a name or a selector, which may not. */
function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
