export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

const oneOf = (...values: string[]): JsonObject => ({ enum: values });
const port: JsonObject = { minimum: 1, maximum: 65_535 };
const protocol = oneOf('TCP', 'UDP', 'SCTP');
const accessModes = oneOf('ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod');
const some: JsonObject = { minItems: 1 };
const mode: JsonObject = { minimum: 0, maximum: 0o777 };
const notNegative: JsonObject = { minimum: 0 };
const host: JsonObject = {
  pattern: '^(?:\\*\\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$',
};
const core = 'io.k8s.api.core.v1';
const octet = '(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])';
const cidr: JsonObject = {
  pattern: `^(?:(?:${octet}\\.){3}${octet}/(?:3[0-2]|[12]?[0-9])|[0-9a-fA-F.]*:[0-9a-fA-F:.]*/(?:12[0-8]|1[01][0-9]|[1-9]?[0-9]))$`,
};

/** What the API server refuses by its code and its OpenAPI document does not say (pkg/apis/…/validation). */
export const kubernetesLimits: Record<string, Record<string, JsonObject>> = {
  [`${core}.ConfigMapVolumeSource`]: { defaultMode: mode },
  [`${core}.Container`]: {
    imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
    terminationMessagePolicy: oneOf('File', 'FallbackToLogsOnError'),
  },
  [`${core}.ContainerPort`]: { containerPort: port, hostPort: port, protocol },
  [`${core}.EmptyDirVolumeSource`]: { medium: { pattern: '^(?:|Memory|HugePages.*)$' } },
  [`${core}.HTTPGetAction`]: { scheme: oneOf('HTTP', 'HTTPS') },
  [`${core}.HTTPHeader`]: { name: { pattern: '^[-A-Za-z0-9]+$' } },
  [`${core}.KeyToPath`]: { mode, path: { minLength: 1 } },
  [`${core}.NodeSelectorRequirement`]: {
    operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'),
  },
  [`${core}.PersistentVolumeClaimSpec`]: { accessModes, volumeMode: oneOf('Filesystem', 'Block') },
  [`${core}.PodSecurityContext`]: { fsGroupChangePolicy: oneOf('OnRootMismatch', 'Always') },
  [`${core}.PodSpec`]: {
    dnsPolicy: oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
    restartPolicy: oneOf('Always', 'OnFailure', 'Never'),
  },
  [`${core}.SeccompProfile`]: { type: oneOf('Localhost', 'RuntimeDefault', 'Unconfined') },
  [`${core}.ProjectedVolumeSource`]: { defaultMode: mode },
  [`${core}.ResourceQuotaSpec`]: {
    hard: {
      propertyNames: {
        pattern:
          '^(?:pods|services|configmaps|secrets|replicationcontrollers|resourcequotas|persistentvolumeclaims|services\\.(?:nodeports|loadbalancers)|cpu|memory|storage|ephemeral-storage|(?:requests|limits)\\.(?:cpu|memory|ephemeral-storage)|requests\\.storage|hugepages-.+|.*/.+|count/.+)$',
      },
    },
  },
  [`${core}.SecretVolumeSource`]: { defaultMode: mode },
  [`${core}.ServicePort`]: { port, protocol },
  [`${core}.ServiceSpec`]: { type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName') },
  [`${core}.Toleration`]: {
    effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'),
    operator: oneOf('Exists', 'Equal'),
  },
  [`${core}.TopologySpreadConstraint`]: { whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway') },
  'io.k8s.api.apps.v1.DeploymentSpec': { replicas: { minimum: 0 } },
  'io.k8s.api.apps.v1.DeploymentStrategy': { type: oneOf('RollingUpdate', 'Recreate') },
  'io.k8s.api.apps.v1.StatefulSetSpec': {
    podManagementPolicy: oneOf('OrderedReady', 'Parallel'),
    replicas: { minimum: 0 },
  },
  'io.k8s.api.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy': {
    whenDeleted: oneOf('Retain', 'Delete'),
    whenScaled: oneOf('Retain', 'Delete'),
  },
  'io.k8s.api.batch.v1.CronJobSpec': { concurrencyPolicy: oneOf('Allow', 'Forbid', 'Replace') },
  'io.k8s.api.batch.v1.JobSpec': {
    activeDeadlineSeconds: { minimum: 0 },
    backoffLimit: { minimum: 0 },
    completionMode: oneOf('NonIndexed', 'Indexed'),
  },
  'io.k8s.api.networking.v1.HTTPIngressPath': {
    pathType: oneOf('Exact', 'Prefix', 'ImplementationSpecific'),
  },
  'io.k8s.api.networking.v1.HTTPIngressRuleValue': { paths: some },
  'io.k8s.api.networking.v1.IngressRule': { host },
  'io.k8s.api.networking.v1.IngressTLS': { hosts: host },
  'io.k8s.api.networking.v1.IPBlock': { cidr, except: cidr },
  'io.k8s.api.networking.v1.NetworkPolicyPort': { endPort: port, protocol },
  'io.k8s.api.networking.v1.NetworkPolicySpec': {
    policyTypes: { maxItems: 2, items: oneOf('Ingress', 'Egress') },
  },
  'io.k8s.api.networking.v1.ServiceBackendPort': { number: port },
  'io.k8s.api.policy.v1.PodDisruptionBudgetSpec': { maxUnavailable: notNegative, minAvailable: notNegative },
  'io.k8s.api.rbac.v1.PolicyRule': { verbs: some },
  'io.k8s.api.rbac.v1.RoleRef': {
    apiGroup: oneOf('rbac.authorization.k8s.io'),
    kind: oneOf('Role', 'ClusterRole'),
  },
  'io.k8s.api.rbac.v1.Subject': { kind: oneOf('ServiceAccount', 'User', 'Group') },
  'io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement': {
    operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'),
  },
};

/** The same of a definition as a whole. */
export const kubernetesConditions: Record<string, JsonObject> = {
  ...Object.fromEntries(
    [
      'io.k8s.api.apps.v1.DaemonSet',
      'io.k8s.api.apps.v1.Deployment',
      'io.k8s.api.apps.v1.ReplicaSet',
      'io.k8s.api.apps.v1.StatefulSet',
      'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
      'io.k8s.api.batch.v1.CronJob',
      'io.k8s.api.batch.v1.Job',
      `${core}.LimitRange`,
      `${core}.PersistentVolumeClaim`,
      `${core}.PodTemplateSpec`,
      `${core}.ResourceQuota`,
      `${core}.Service`,
      'io.k8s.api.networking.v1.Ingress',
      'io.k8s.api.networking.v1.NetworkPolicy',
      'io.k8s.api.policy.v1.PodDisruptionBudget',
    ].map((name): [string, JsonObject] => [name, { required: ['metadata', 'spec'] }]),
  ),
  'io.k8s.api.networking.v1.HTTPIngressPath': {
    anyOf: [
      { properties: { pathType: { enum: ['ImplementationSpecific'] } } },
      { required: ['path'], properties: { path: { pattern: '^/' } } },
    ],
  },
  'io.k8s.api.networking.v1.IngressBackend': {
    anyOf: [{ required: ['service'] }, { required: ['resource'] }],
  },
  'io.k8s.api.networking.v1.IngressSpec': {
    anyOf: [{ required: ['rules'], properties: { rules: some } }, { required: ['defaultBackend'] }],
  },
  'io.k8s.api.rbac.v1.PolicyRule': {
    anyOf: [
      { required: ['apiGroups', 'resources'], properties: { apiGroups: some, resources: some } },
      { required: ['nonResourceURLs'] },
    ],
  },
};

/**
 * KEDA's files are the base of what it ships: its own kustomize step (config/crd/patches) then lets a Job's pod
 * have labels, wants the protocol of a port, and knows `metricType` for a ScaledObject only.
 */
export function patchCrd(name: string, crd: JsonObject): void {
  if (name === 'scaledjobs.keda.sh') {
    const spec = at(
      crd,
      'spec',
      'versions',
      0,
      'schema',
      'openAPIV3Schema',
      'properties',
      'spec',
      'properties',
    );
    const template = at(spec, 'jobTargetRef', 'properties', 'template', 'properties');
    at(template, 'metadata')['x-kubernetes-preserve-unknown-fields'] = true;
    // Not KEDA's: it takes a Job of no pod, and then cannot make it.
    at(spec, 'jobTargetRef', 'properties', 'template').required = ['spec'];
    for (const containers of ['containers', 'initContainers', 'ephemeralContainers']) {
      const port = at(template, 'spec', 'properties', containers, 'items', 'properties', 'ports', 'items');
      port.required = ['containerPort', 'protocol'];
    }
    delete at(spec, 'triggers', 'items', 'properties').metricType;
  }
  if (name === 'scaledobjects.keda.sh') {
    const spec = at(
      crd,
      'spec',
      'versions',
      0,
      'schema',
      'openAPIV3Schema',
      'properties',
      'spec',
      'properties',
    );
    const scaler = at(spec, 'advanced', 'properties', 'horizontalPodAutoscalerConfig', 'properties');
    for (const direction of ['scaleDown', 'scaleUp']) {
      const behavior = at(scaler, 'behavior', 'properties', direction, 'properties');
      Object.assign(at(behavior, 'stabilizationWindowSeconds'), { minimum: 0, maximum: 3600 });
    }
  }
}

function at(from: JsonObject, ...path: (string | number)[]): JsonObject {
  let here: unknown = from;
  for (const step of path) here = (here as Record<string | number, unknown> | undefined)?.[step];
  if (here === undefined) throw new Error(`there is no ${path.join('.')}; expected KEDA's CRD as it was`);
  return here as JsonObject;
}
