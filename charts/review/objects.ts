// The parts of Kubernetes objects that rules read. That an object has this shape is what the schema says first.

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

export type Labels = Readonly<Record<string, string>>;

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly spec: PodSpec;
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly priorityClassName?: string;
  readonly runtimeClassName?: string;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly securityContext?: SecurityContext & { readonly sysctls?: readonly { readonly name: string }[] };
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly topologySpreadConstraints?: readonly { readonly labelSelector?: LabelSelector }[];
}

export interface SecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type?: string };
  readonly seLinuxOptions?: { readonly type?: string; readonly user?: string; readonly role?: string };
  readonly appArmorProfile?: { readonly type?: string };
  readonly windowsOptions?: { readonly hostProcess?: boolean };
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { readonly secretRef?: OptionalName; readonly configMapRef?: OptionalName }[];
  readonly ports?: readonly ContainerPort[];
  readonly resources?: Resources;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly securityContext?: SecurityContext & {
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly procMount?: string;
    readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  };
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly hostPort?: number;
  readonly protocol?: string;
}

export interface Probe {
  readonly httpGet?: { readonly port: number | string };
  readonly tcpSocket?: { readonly port: number | string };
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: OptionalName & { readonly key: string };
    readonly configMapKeyRef?: OptionalName & { readonly key: string };
  };
}

export interface Resources {
  readonly requests?: Amounts;
  readonly limits?: Amounts;
}

export type Amounts = Readonly<Record<string, string | number>>;

export interface OptionalName {
  readonly name: string;
  readonly optional?: boolean;
}

interface Keys {
  readonly items?: readonly { readonly key: string }[];
  readonly optional?: boolean;
}

export interface Volume {
  readonly name: string;
  readonly secret?: Keys & { readonly secretName: string };
  readonly configMap?: Keys & { readonly name: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly projected?: {
    readonly sources: readonly {
      readonly secret?: Keys & { readonly name: string };
      readonly configMap?: Keys & { readonly name: string };
    }[];
  };
}

export interface Workload extends KubeObject {
  readonly spec: {
    readonly replicas?: number;
    readonly selector?: LabelSelector;
    readonly serviceName?: string;
    readonly strategy?: {
      readonly type?: string;
      readonly rollingUpdate?: { readonly maxSurge?: number | string };
    };
    readonly parallelism?: number;
    readonly template?: PodTemplate;
    readonly volumeClaimTemplates?: readonly VolumeClaim[];
    /** Of a CronJob. */
    readonly jobTemplate?: {
      readonly spec: { readonly template: PodTemplate; readonly parallelism?: number };
    };
    /** Of a ScaledJob. */
    readonly jobTargetRef?: { readonly template: PodTemplate; readonly parallelism?: number };
    readonly maxReplicaCount?: number;
  };
}

export interface VolumeClaim extends KubeObject {
  readonly spec: { readonly storageClassName?: string };
}

export interface Service extends KubeObject {
  readonly spec: {
    readonly type?: string;
    readonly selector?: Labels;
    readonly ports?: readonly ServicePort[];
  };
}

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: number | string;
  readonly protocol?: string;
}

export interface NetworkPolicy extends KubeObject {
  readonly spec: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly ('Ingress' | 'Egress')[];
    readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[];
    readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[];
  };
}

export interface Peer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface PolicyPort {
  readonly port?: number | string;
  readonly endPort?: number;
  readonly protocol?: string;
}

export interface Ingress extends KubeObject {
  readonly spec: {
    readonly ingressClassName?: string;
    readonly defaultBackend?: Backend;
    readonly tls?: readonly { readonly secretName?: string }[];
    readonly rules?: readonly {
      readonly http?: { readonly paths: readonly { readonly backend: Backend }[] };
    }[];
  };
}

export interface Backend {
  readonly service?: {
    readonly name: string;
    readonly port?: { readonly number?: number; readonly name?: string };
  };
}

export interface Role extends KubeObject {
  readonly rules?: readonly PolicyRule[];
}

export interface PolicyRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

export interface RoleBinding extends KubeObject {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
}

export interface ResourceQuota extends KubeObject {
  readonly spec: { readonly hard?: Amounts };
}

export interface Kustomization extends KubeObject {
  readonly spec: {
    readonly path?: string;
    readonly dependsOn?: readonly { readonly name: string; readonly namespace?: string }[];
    readonly sourceRef: { readonly kind: string; readonly name: string; readonly namespace?: string };
    readonly decryption?: { readonly secretRef?: { readonly name: string } };
  };
}

export interface ConfigMap extends KubeObject {
  readonly data?: Labels;
  readonly binaryData?: Labels;
}

export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Labels;
  readonly stringData?: Labels;
  /** What SOPS notes beside what it has encrypted. */
  readonly sops?: { readonly age?: readonly { readonly recipient?: string }[] };
}

/** A ScaledJob or a ScaledObject. */
export interface Scaled extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef?: { readonly kind?: string; readonly name: string };
    readonly triggers: readonly {
      readonly metadata: Labels;
      readonly authenticationRef?: { readonly name: string; readonly kind?: string };
    }[];
  };
}

export interface TriggerAuthentication extends KubeObject {
  readonly spec: { readonly secretTargetRef?: readonly { readonly name: string; readonly key: string }[] };
}

export interface Autoscaler extends KubeObject {
  readonly spec: {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly maxReplicas?: number;
  };
}
