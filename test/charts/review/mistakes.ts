import type { Draft, Json } from './world.ts';

export interface Mistake {
  /** The rule that must find it. */
  readonly rule: string;
  readonly make: (draft: Draft) => void;
  /** What the finding must be about, and say. */
  readonly object: string;
  readonly at: string;
  readonly says: string;
  /** What a real API server does with the object: most of these mistakes it cannot know. */
  readonly server: 'refuses' | 'warns' | 'accepts';
}

const api = 'Deployment ci/api';
const gitea = 'StatefulSet ci/gitea';
const redis = 'StatefulSet ci/redis';
const scaledJob = 'ScaledJob ci-agents/agent-amd64-m';
const release = 'HelmRelease keda/keda';
const container = 'spec.template.spec.containers[0]';

const edit = (id: string, change: (object: Json) => void) => (draft: Draft) => change(draft.edit(id));
const first = (object: Json): Json => object.spec.template.spec.containers[0];
const agent = (object: Json): Json => object.spec.jobTargetRef.template.spec.containers[0];

const metadata = (name: string) => ({ name, namespace: 'ci' });

/** One of each, named by what is wrong; the platform is right but for it. */
export const mistakes: Readonly<Record<string, Mistake>> = {
  'a kind that there is not': {
    rule: 'kind-known',
    make: edit(api, (object) => {
      object.apiVersion = 'apps/v1beta1';
    }),
    object: api,
    at: '',
    says: 'did you mean apps/v1 Deployment?',
    server: 'refuses',
  },
  'a kind of a group that nobody knows': {
    rule: 'kind-known',
    make: (draft) =>
      draft.add('services', { apiVersion: 'example.org/v1', kind: 'Thing', metadata: metadata('thing') }),
    object: 'Thing ci/thing',
    at: '',
    says: 'add its CustomResourceDefinition',
    server: 'refuses',
  },
  'a misspelt field': {
    rule: 'schema',
    make: edit(api, (object) => {
      object.spec.template.spec.hostNetworks = false;
    }),
    object: api,
    at: 'spec.template.spec.hostNetworks',
    says: 'is no field; did you mean "hostNetwork"?',
    server: 'refuses',
  },
  'a misspelt field of a custom resource': {
    rule: 'schema',
    make: edit(scaledJob, (object) => {
      object.spec.maxReplicaCounts = 4;
    }),
    object: scaledJob,
    at: 'spec.maxReplicaCounts',
    says: 'did you mean "maxReplicaCount"?',
    server: 'refuses',
  },
  'a field that KEDA takes out of its definition': {
    rule: 'schema',
    make: edit(scaledJob, (object) => {
      object.spec.triggers[0].metricType = 'Value';
    }),
    object: scaledJob,
    at: 'spec.triggers[0].metricType',
    says: 'is no field',
    server: 'refuses',
  },
  'text for a number': {
    rule: 'schema',
    make: edit(api, (object) => {
      object.spec.replicas = '2';
    }),
    object: api,
    at: 'spec.replicas',
    says: 'is "2"; expected a whole number',
    server: 'refuses',
  },
  'a field that is missing': {
    rule: 'schema',
    make: edit('Service ci/redis', (object) => {
      delete object.spec.ports[0].port;
    }),
    object: 'Service ci/redis',
    at: 'spec.ports[0].port',
    says: 'is missing',
    server: 'refuses',
  },
  'a word that is none of the few': {
    rule: 'schema',
    make: edit(api, (object) => {
      first(object).imagePullPolicy = 'IfNotPresnt';
    }),
    object: api,
    at: `${container}.imagePullPolicy`,
    says: 'did you mean "IfNotPresent"?',
    server: 'refuses',
  },
  'a quantity that is none': {
    rule: 'schema',
    make: edit(api, (object) => {
      first(object).resources.limits.memory = '256 MB';
    }),
    object: api,
    at: `${container}.resources.limits.memory`,
    says: 'expected a quantity',
    server: 'refuses',
  },
  'a setting that is there twice': {
    rule: 'schema',
    make: edit(api, (object) => {
      first(object).env.push(first(object).env[0]);
    }),
    object: api,
    at: `${container}.env[13]`,
    says: 'is the second with name',
    server: 'refuses',
  },
  'a duration that is none': {
    rule: 'schema',
    make: edit(release, (object) => {
      object.spec.interval = 'often';
    }),
    object: release,
    at: 'spec.interval',
    says: 'expected text like',
    server: 'refuses',
  },
  'a release of no chart': {
    rule: 'cel',
    make: edit(release, (object) => {
      delete object.spec.chart;
    }),
    object: release,
    at: 'spec',
    says: 'either chart or chartRef must be set',
    server: 'refuses',
  },
  'a namespace that is missing': {
    rule: 'scope',
    make: (draft) =>
      draft.add('services', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'lost' } }),
    object: 'ConfigMap lost',
    at: 'metadata.namespace',
    says: 'is missing',
    server: 'accepts',
  },
  'a namespace where there is none': {
    rule: 'scope',
    make: (draft) =>
      draft.add('services', {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: metadata('low'),
        value: 1,
      }),
    object: 'PriorityClass ci/low',
    at: 'metadata.namespace',
    says: 'is of the whole cluster',
    server: 'accepts',
  },
  'a name in capitals': {
    rule: 'names',
    make: (draft) =>
      draft.add('services', { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('Settings') }),
    object: 'ConfigMap ci/Settings',
    at: 'metadata.name',
    says: 'expected a DNS name',
    server: 'refuses',
  },
  'a label with a space': {
    rule: 'names',
    make: edit('ConfigMap ci/redis', (object) => {
      object.metadata.labels.note = 'made by us';
    }),
    object: 'ConfigMap ci/redis',
    at: 'metadata.labels.note',
    says: 'is "made by us"',
    server: 'refuses',
  },
  'a mount without its volume': {
    rule: 'mount',
    make: edit(api, (object) => {
      first(object).volumeMounts.push({ name: 'cache', mountPath: '/cache' });
    }),
    object: api,
    at: `${container}.volumeMounts[2].name`,
    says: 'the pod has no such volume',
    server: 'refuses',
  },
  'a volume that nobody mounts': {
    rule: 'mount',
    make: edit(api, (object) => {
      object.spec.template.spec.volumes.push({ name: 'idle', emptyDir: {} });
    }),
    object: api,
    at: 'spec.template.spec.volumes[2]',
    says: 'is mounted by no container',
    server: 'accepts',
  },
  'a privileged container': {
    rule: 'pod-security',
    make: edit(redis, (object) => {
      first(object).securityContext.privileged = true;
      first(object).securityContext.allowPrivilegeEscalation = false;
    }),
    object: redis,
    at: `${container}.securityContext.privileged`,
    says: 'is true',
    server: 'refuses',
  },
  "the node's network": {
    rule: 'pod-security',
    make: edit(api, (object) => {
      object.spec.template.spec.hostNetwork = true;
    }),
    object: api,
    at: 'spec.template.spec.hostNetwork',
    says: 'is true',
    server: 'warns',
  },
  'capabilities that are kept': {
    rule: 'pod-security',
    make: edit(api, (object) => {
      delete first(object).securityContext.capabilities;
    }),
    object: api,
    at: `${container}.securityContext.capabilities.drop`,
    says: 'does not name ALL',
    server: 'warns',
  },
  'root in a container': {
    rule: 'pod-security',
    make: edit(api, (object) => {
      object.spec.template.spec.securityContext.runAsUser = 0;
    }),
    object: api,
    at: 'spec.template.spec.securityContext.runAsUser',
    says: 'which is root',
    server: 'warns',
  },
  'no seccomp profile, in a pod that KEDA makes': {
    rule: 'pod-security',
    make: edit(scaledJob, (object) => {
      delete object.spec.jobTargetRef.template.spec.securityContext.seccompProfile;
    }),
    object: scaledJob,
    at: 'spec.jobTargetRef.template.spec.containers[0].securityContext.seccompProfile.type',
    says: 'is missing',
    server: 'accepts',
  },
  "a folder of the node's": {
    rule: 'pod-security',
    make: edit(api, (object) => {
      object.spec.template.spec.volumes[1] = { name: 'tmp', hostPath: { path: '/tmp' } };
    }),
    object: api,
    at: 'spec.template.spec.volumes[1].hostPath',
    says: 'is a kind of volume that is not allowed',
    server: 'warns',
  },
  'a namespace that enforces nothing': {
    rule: 'pod-security-enforced',
    make: edit('Namespace ci-agents', (object) => {
      delete object.metadata.labels['pod-security.kubernetes.io/enforce'];
    }),
    object: 'Namespace ci-agents',
    at: 'metadata.labels["pod-security.kubernetes.io/enforce"]',
    says: 'is missing',
    server: 'accepts',
  },
  'a token for everybody': {
    rule: 'no-token',
    make: edit(scaledJob, (object) => {
      object.spec.jobTargetRef.template.spec.automountServiceAccountToken = true;
    }),
    object: scaledJob,
    at: 'spec.jobTargetRef.template.spec.automountServiceAccountToken',
    says: 'is not false',
    server: 'accepts',
  },
  'a Secret in git': {
    rule: 'no-secret',
    make: (draft) =>
      draft.add('services', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: metadata('plain'),
        stringData: { password: 'hunter2' },
      }),
    object: 'Secret ci/plain',
    at: 'stringData',
    says: 'holds password for everybody to read',
    server: 'accepts',
  },
  'a sealed Secret that Flux does not open': {
    rule: 'sealed-for',
    make: (draft) =>
      draft.add('services', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: metadata('sealed'),
        data: { password: 'ENC[AES256_GCM,data:Pw==,iv:aXY=,tag:dGFn,type:str]' },
        sops: { age: [] },
      }),
    object: 'Secret ci/sealed',
    at: '',
    says: 'is sealed, and nobody opens it',
    server: 'refuses',
  },
  'a password in the environment': {
    rule: 'no-secret',
    make: edit(gitea, (object) => {
      first(object).env.push({ name: 'GITEA__mailer__PASSWD_TOKEN', value: 'hunter2' });
    }),
    object: gitea,
    at: `${container}.env[36].value`,
    says: 'looks like a secret',
    server: 'accepts',
  },
  'a password in an address': {
    rule: 'no-secret',
    make: edit(api, (object) => {
      first(object).env.find(({ name }: Json) => name === 'BELLOWS_REDIS_URL').value =
        'redis://api:hunter2@redis.ci.svc:6379';
    }),
    object: api,
    at: `${container}.env[9].value`,
    says: 'has a password in an address',
    server: 'accepts',
  },
  'a Role for everything': {
    rule: 'no-wildcard',
    make: edit('Role ci/secrets', (object) => {
      object.rules[1].verbs = ['*'];
    }),
    object: 'Role ci/secrets',
    at: 'rules[1].verbs',
    says: 'is a wildcard',
    server: 'accepts',
  },
  'a binding to cluster-admin': {
    rule: 'no-wildcard',
    make: (draft) =>
      draft.add('services', {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'api' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'ServiceAccount', name: 'api', namespace: 'ci' }],
      }),
    object: 'ClusterRoleBinding api',
    at: 'roleRef.name',
    says: 'is cluster-admin',
    server: 'accepts',
  },
  'all Secrets of a namespace': {
    rule: 'secrets-by-name',
    make: edit('Role ci/secrets', (object) => {
      delete object.rules[1].resourceNames;
    }),
    object: 'Role ci/secrets',
    at: 'rules[1].resourceNames',
    says: 'is missing for get, patch of secrets',
    server: 'accepts',
  },
  'the newest image, whatever that is': {
    rule: 'image-pinned',
    make: edit(scaledJob, (object) => {
      agent(object).image = 'localhost/bellows/agent:latest';
    }),
    object: scaledJob,
    at: 'spec.jobTargetRef.template.spec.containers[0].image',
    says: 'of no version',
    server: 'accepts',
  },
  'an image that is not in the pin file': {
    rule: 'image-pinned',
    make: edit(scaledJob, (object) => {
      agent(object).image = `docker.io/library/busybox@sha256:${'0'.repeat(64)}`;
    }),
    object: scaledJob,
    at: 'spec.jobTargetRef.template.spec.containers[0].image',
    says: 'which charts/pins.ts does not name',
    server: 'accepts',
  },
  'a chart of any version': {
    rule: 'image-pinned',
    make: edit(release, (object) => {
      delete object.spec.chart.spec.version;
    }),
    object: release,
    at: 'spec.chart.spec.version',
    says: 'is "*"',
    server: 'accepts',
  },
  'a chart from a registry, of any version': {
    rule: 'image-pinned',
    make: (draft) =>
      draft.add('add-ons', {
        apiVersion: 'source.toolkit.fluxcd.io/v1',
        kind: 'OCIRepository',
        metadata: { name: 'chart', namespace: 'keda' },
        spec: { interval: '1h', url: 'oci://ghcr.io/example/chart', ref: { semver: '>=1.0.0' } },
      }),
    object: 'OCIRepository keda/chart',
    at: 'spec.ref',
    says: 'of no version that charts/pins.ts names',
    server: 'accepts',
  },
  'a container without a limit of memory': {
    rule: 'bounded',
    make: edit(api, (object) => {
      delete first(object).resources.limits.memory;
    }),
    object: api,
    at: `${container}.resources.limits.memory`,
    says: 'is missing',
    server: 'accepts',
  },
  'a quota below the pools': {
    rule: 'quota',
    make: edit('ResourceQuota ci-agents/agents', (object) => {
      object.spec.hard.pods = 2;
    }),
    object: 'ResourceQuota ci-agents/agents',
    at: 'spec.hard.pods',
    says: 'is 2, and its pods need 6 at their most: agent-amd64-m 4, agent-arm64-l 2',
    server: 'accepts',
  },
  'a quota of memory below the pools': {
    rule: 'quota',
    make: edit('ResourceQuota ci-agents/agents', (object) => {
      object.spec.hard['requests.memory'] = '40Gi';
    }),
    object: 'ResourceQuota ci-agents/agents',
    at: 'spec.hard["requests.memory"]',
    says: 'is 40Gi, and its pods need 49152Mi',
    server: 'accepts',
  },
  'a quota of what a pod does not say': {
    rule: 'quota',
    make: (draft) =>
      draft.add('foundation', {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: metadata('ci'),
        spec: { hard: { 'limits.cpu': '20' } },
      }),
    object: api,
    at: 'spec.template.spec.containers',
    says: 'does not say limits.cpu',
    server: 'accepts',
  },
  'machines that are too small for all there is': {
    rule: 'machines',
    make: (draft) =>
      draft.run([
        { arch: 'amd64', cpu: 8.6, memory: '64Gi', count: 1 },
        { arch: 'arm64', cpu: 16.6, memory: '64Gi', count: 1 },
      ]),
    object: 'ScaledJob ci-agents/agent-arm64-l',
    at: 'spec.jobTargetRef.template.spec',
    says: 'cores that all pods need at their most; the machines give 24.2 cores',
    server: 'accepts',
  },
  'replicas beside an autoscaler': {
    rule: 'one-scaler',
    make: (draft) =>
      draft.add('services', {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: metadata('api'),
        spec: {
          minReplicas: 2,
          maxReplicas: 4,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' },
        },
      }),
    object: api,
    at: 'spec.replicas',
    says: 'HorizontalPodAutoscaler ci/api',
    server: 'accepts',
  },
  'a ConfigMap that nobody makes': {
    rule: 'reference',
    make: (draft) => draft.remove('ConfigMap ci/redis'),
    object: redis,
    at: 'spec.template.spec.volumes[0].configMap',
    says: 'names ConfigMap ci/redis, which nobody makes',
    server: 'accepts',
  },
  'a key that a Secret has not': {
    rule: 'reference',
    make: edit(redis, (object) => {
      object.spec.template.spec.volumes[1].secret.items[0].key = 'users';
    }),
    object: redis,
    at: 'spec.template.spec.volumes[1].secret',
    says: 'wants users of Secret ci/bellows, which has no such key',
    server: 'accepts',
  },
  'a Secret that nobody says they make': {
    rule: 'reference',
    make: (draft) => {
      draft.edit('GitRepository flux-system/platform').spec.secretRef.name = 'platform-sauce';
    },
    object: 'GitRepository flux-system/platform',
    at: 'spec.secretRef',
    says: 'did you mean Secret flux-system/platform-source?',
    server: 'accepts',
  },
  'a ServiceAccount that there is not': {
    rule: 'reference',
    make: edit(api, (object) => {
      object.spec.template.spec.serviceAccountName = 'apis';
    }),
    object: api,
    at: 'spec.template.spec.serviceAccountName',
    says: 'did you mean ServiceAccount ci/api?',
    server: 'accepts',
  },
  'an authentication that there is not': {
    rule: 'reference',
    make: edit(scaledJob, (object) => {
      object.spec.triggers[0].authenticationRef.name = 'redis';
    }),
    object: scaledJob,
    at: 'spec.triggers[0].authenticationRef',
    says: 'names TriggerAuthentication ci-agents/redis, which nobody makes',
    server: 'accepts',
  },
  'a StorageClass that there is not': {
    rule: 'reference',
    make: edit(redis, (object) => {
      object.spec.volumeClaimTemplates[0].spec.storageClassName = 'fast';
    }),
    object: redis,
    at: 'spec.volumeClaimTemplates[0].spec.storageClassName',
    says: 'names StorageClass fast',
    server: 'accepts',
  },
  'a volume claim that there is not': {
    rule: 'reference',
    make: edit(api, (object) => {
      object.spec.template.spec.volumes[1] = { name: 'tmp', persistentVolumeClaim: { claimName: 'tmp' } };
    }),
    object: api,
    at: 'spec.template.spec.volumes[1].persistentVolumeClaim',
    says: 'names PersistentVolumeClaim ci/tmp',
    server: 'accepts',
  },
  'a target of scaling that there is not': {
    rule: 'reference',
    make: (draft) =>
      draft.add('scaling', {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        metadata: metadata('api'),
        spec: { scaleTargetRef: { name: 'apis' }, triggers: [{ type: 'cpu', metadata: { value: '50' } }] },
      }),
    object: 'ScaledObject ci/api',
    at: 'spec.scaleTargetRef',
    says: 'names Deployment ci/apis',
    server: 'accepts',
  },
  'a Role that there is not': {
    rule: 'reference',
    make: edit('RoleBinding ci/secrets', (object) => {
      object.roleRef.name = 'secret';
    }),
    object: 'RoleBinding ci/secrets',
    at: 'roleRef',
    says: 'did you mean Role ci/secrets?',
    server: 'accepts',
  },
  'a selector that hits nothing': {
    rule: 'selector',
    make: edit('PodDisruptionBudget ci/api', (object) => {
      object.spec.selector.matchLabels = { 'app.kubernetes.io/name': 'apis' };
    }),
    object: 'PodDisruptionBudget ci/api',
    at: 'spec.selector',
    says: 'asks for app.kubernetes.io/name=apis, and no pod in ci has that',
    server: 'accepts',
  },
  'a workload that does not select its own pods': {
    rule: 'selector',
    make: edit(api, (object) => {
      object.spec.selector.matchLabels = { app: 'api' };
    }),
    object: api,
    at: 'spec.selector',
    says: 'which its own pods do not have',
    server: 'refuses',
  },
  'a port that the pod has not': {
    rule: 'port',
    make: edit('Service ci/redis', (object) => {
      object.spec.ports[0].targetPort = 'redis-tls';
    }),
    object: 'Service ci/redis',
    at: 'spec.ports[0].targetPort',
    says: 'is redis-tls/TCP, which redis in ci does not listen on; expected one of 6379/TCP',
    server: 'accepts',
  },
  'a probe of a port that the container has not': {
    rule: 'port',
    make: edit(gitea, (object) => {
      first(object).livenessProbe.httpGet.port = 3001;
    }),
    object: gitea,
    at: `${container}.livenessProbe.httpGet.port`,
    says: 'is 3001',
    server: 'accepts',
  },
  'an Ingress to a port that the Service has not': {
    rule: 'ingress-port',
    make: edit('Ingress ci/gitea', (object) => {
      object.spec.rules[0].http.paths[0].backend.service.port.number = 80;
    }),
    object: 'Ingress ci/gitea',
    at: 'spec.rules[0].http.paths[0].backend.service.port',
    says: 'is 80, which Service ci/gitea does not have; expected one of 3000',
    server: 'accepts',
  },
  'a namespace that is open': {
    rule: 'default-deny',
    make: edit('NetworkPolicy ci-agents/default-deny', (object) => {
      object.spec.policyTypes = ['Egress'];
    }),
    object: 'Namespace ci-agents',
    at: '',
    says: 'is open for Ingress',
    server: 'accepts',
  },
  'a policy without a direction': {
    rule: 'policy-explicit',
    make: edit('NetworkPolicy ci/api-to-redis-in', (object) => {
      delete object.spec.policyTypes;
    }),
    object: 'NetworkPolicy ci/api-to-redis-in',
    at: 'spec.policyTypes',
    says: 'is missing',
    server: 'accepts',
  },
  'a rule for every port': {
    rule: 'policy-explicit',
    make: edit('NetworkPolicy ci-agents/agent-to-internet-out', (object) => {
      delete object.spec.egress[0].ports;
    }),
    object: 'NetworkPolicy ci-agents/agent-to-internet-out',
    at: 'spec.egress[0].ports',
    says: 'means all ports',
    server: 'accepts',
  },
  'port 0 in a rule': {
    rule: 'policy-explicit',
    make: edit('NetworkPolicy ci-agents/agent-to-internet-out', (object) => {
      object.spec.egress[0].ports[0].port = 0;
    }),
    object: 'NetworkPolicy ci-agents/agent-to-internet-out',
    at: 'spec.egress[0].ports[0]',
    says: 'has port 0',
    server: 'refuses',
  },
  'a peer that is nobody': {
    rule: 'network-peer',
    make: edit('NetworkPolicy ci/ingress-to-api-in', ({ spec }) => {
      const peer = structuredClone(spec.ingress[0].from[0]);
      peer.podSelector.matchLabels = { 'app.kubernetes.io/name': 'nginx' };
      spec.ingress[0].from.push(peer);
    }),
    object: 'NetworkPolicy ci/ingress-to-api-in',
    at: 'spec.ingress[0].from[1]',
    says: 'there is no such pod',
    server: 'accepts',
  },
  'a rule for a port that nobody listens on': {
    rule: 'network-peer',
    make: edit('NetworkPolicy ci/ingress-to-gitea-in', ({ spec }) => {
      spec.ingress[0].ports.push({ port: 3001, protocol: 'TCP' });
    }),
    object: 'NetworkPolicy ci/ingress-to-gitea-in',
    at: 'spec.ingress[0].ports[1]',
    says: 'is 3001/TCP, which gitea in ci does not listen on; expected one of 3000/TCP',
    server: 'accepts',
  },
  'an edge with one end': {
    rule: 'network-edge',
    make: (draft) => {
      draft.remove('NetworkPolicy keda/keda-metrics-to-keda-out');
    },
    object: 'NetworkPolicy keda/keda-metrics-to-keda-in',
    at: 'spec.ingress[0].from[0]',
    says: 'which may not send there',
    server: 'accepts',
  },
  'an address that is no Service': {
    rule: 'address',
    make: edit(scaledJob, (object) => {
      agent(object).env.find(({ name }: Json) => name === 'BELLOWS_URL').value = 'http://bellows.ci.svc:7440';
    }),
    object: scaledJob,
    at: 'spec.jobTargetRef.template.spec.containers[0].env[4].value',
    says: 'names http://bellows.ci.svc:7440, and there is no such Service; expected one of redis',
    server: 'accepts',
  },
  'an address with a port that the Service has not': {
    rule: 'address',
    make: edit(scaledJob, (object) => {
      object.spec.triggers[0].metadata.address = 'redis.ci.svc:6380';
    }),
    object: scaledJob,
    at: 'spec.triggers[0].metadata.address',
    says: 'has no port 6380; expected one of 6379',
    server: 'accepts',
  },
  'an address to which no way is open': {
    rule: 'address',
    make: (draft) => {
      draft.remove('NetworkPolicy ci/keda-to-redis-in');
      draft.remove('NetworkPolicy keda/keda-to-redis-out');
      draft.remove('ScaledJob ci-agents/agent-arm64-l');
    },
    object: scaledJob,
    at: 'spec.triggers[0].metadata.address',
    says: 'keda-operator in keda may not send there; add the way to charts/network/edges.ts',
    server: 'accepts',
  },
  'an Ingress to pods that do not let its controller in': {
    rule: 'address',
    make: (draft) => draft.remove('NetworkPolicy ci/ingress-to-api-in'),
    object: 'Ingress ci/api',
    at: 'spec.rules[0].http.paths[0].backend.service',
    says: 'names api:7440, and api in ci does not let traefik in kube-system in',
    server: 'accepts',
  },
  'an address in a namespace that there is not': {
    rule: 'address',
    make: edit(scaledJob, (object) => {
      agent(object).env.push({ name: 'BELLOWS_OTHER', value: 'http://api.bellows.svc:7440' });
    }),
    object: scaledJob,
    at: 'spec.jobTargetRef.template.spec.containers[0].env[6].value',
    says: 'names http://api.bellows.svc:7440, and there is no such Service',
    server: 'accepts',
  },
  'pods that may not ask DNS by TCP': {
    rule: 'dns',
    make: (draft) => {
      draft.edit('NetworkPolicy ci-agents/dns').spec.egress[0].ports.pop();
      draft.remove('ScaledJob ci-agents/agent-arm64-l');
    },
    object: scaledJob,
    at: 'spec.jobTargetRef.template.spec',
    says: 'may not ask DNS by TCP',
    server: 'accepts',
  },
  'agents that reach Redis': {
    rule: 'agents-apart',
    make: (draft) => {
      const [out, into] = [
        'NetworkPolicy ci-agents/agent-to-gitea-out',
        'NetworkPolicy ci/agent-to-gitea-in',
      ].map((id) => structuredClone(draft.edit(id)));
      const redis = { matchLabels: { 'app.kubernetes.io/name': 'redis' } };
      for (const policy of [out, into]) policy.metadata.name = policy.metadata.name.replace('gitea', 'redis');
      out.spec.egress[0].to[0].podSelector = redis;
      into.spec.podSelector = redis;
      for (const rule of [out.spec.egress[0], into.spec.ingress[0]]) rule.ports[0].port = 6379;
      draft.add('network', out);
      draft.add('network', into);
    },
    object: 'NetworkPolicy ci-agents/agent-to-redis-out',
    at: 'spec.egress[0].to[0]',
    says: 'lets agents reach redis in ci',
    server: 'accepts',
  },
  "agents that reach the cloud's metadata": {
    rule: 'agents-apart',
    make: edit('NetworkPolicy ci-agents/agent-to-internet-out', (object) => {
      const { ipBlock } = object.spec.egress[0].to[0];
      ipBlock.except = ipBlock.except.filter((range: string) => range !== '169.254.0.0/16');
    }),
    object: 'NetworkPolicy ci-agents/agent-to-internet-out',
    at: 'spec.egress[0].to[0]',
    says: 'lets agents reach 169.254.0.0/16',
    server: 'accepts',
  },
  'agents that are reached': {
    rule: 'agents-apart',
    make: (draft) => {
      for (const id of [scaledJob, 'ScaledJob ci-agents/agent-arm64-l'])
        agent(draft.edit(id)).ports = [{ name: 'ssh', containerPort: 2222, protocol: 'TCP' }];
      draft.add('network', {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'in', namespace: 'ci-agents' },
        spec: {
          podSelector: { matchLabels: { 'app.kubernetes.io/name': 'agent' } },
          policyTypes: ['Ingress'],
          ingress: [
            { from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 2222, protocol: 'TCP' }] },
          ],
        },
      });
    },
    object: 'NetworkPolicy ci-agents/in',
    at: 'spec.ingress[0].from[0]',
    says: 'lets somebody reach agents',
    server: 'accepts',
  },
  'a Pod by itself, as root': {
    rule: 'pod-security',
    make: (draft) => {
      const { spec } = structuredClone(draft.edit(api)).spec.template;
      spec.securityContext.runAsUser = 0;
      delete spec.containers[0].env;
      draft.add('services', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: metadata('shell'),
        spec: { ...spec, topologySpreadConstraints: [] },
      });
    },
    object: 'Pod ci/shell',
    at: 'spec.securityContext.runAsUser',
    says: 'which is root',
    server: 'refuses',
  },
  'a namespace that nobody makes': {
    rule: 'namespace',
    make: (draft) =>
      draft.add('services', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'x', namespace: 'elsewhere' },
      }),
    object: 'ConfigMap elsewhere/x',
    at: 'metadata.namespace',
    says: 'is elsewhere, which nobody makes',
    server: 'refuses',
  },
  'a custom resource before its definition': {
    rule: 'crd-first',
    make: (draft) =>
      draft.add('services', {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'TriggerAuthentication',
        metadata: metadata('early'),
        spec: { env: [{ parameter: 'x', name: 'X' }] },
      }),
    object: 'TriggerAuthentication ci/early',
    at: 'apiVersion',
    says: 'which comes with the unit add-ons; let services be a later unit',
    server: 'accepts',
  },
  'something that comes too late': {
    rule: 'order',
    make: (draft) => {
      draft.edit('Kustomization flux-system/data').spec.dependsOn = [{ name: 'network' }];
      draft.edit('Kustomization flux-system/services').spec.dependsOn.push({ name: 'secrets' });
      draft.edit('Kustomization flux-system/forge').spec.dependsOn.push({ name: 'secrets' });
    },
    object: redis,
    at: 'spec.template.spec.volumes[1].secret',
    says: 'names Secret ci/bellows, which comes with the unit secrets, not before data',
    server: 'accepts',
  },
  'a Kustomization that there is not': {
    rule: 'depends-on',
    make: edit('Kustomization flux-system/scaling', (object) => {
      object.spec.dependsOn.push({ name: 'monitoring' });
    }),
    object: 'Kustomization flux-system/scaling',
    at: 'spec.dependsOn[2]',
    says: 'is monitoring, which is no Kustomization',
    server: 'accepts',
  },
  'a circle': {
    rule: 'depends-on',
    make: edit('Kustomization flux-system/add-ons', (object) => {
      object.spec.dependsOn.push({ name: 'scaling' });
    }),
    object: 'Kustomization flux-system/add-ons',
    at: 'spec.dependsOn',
    says: 'leads back to itself: add-ons → scaling → add-ons',
    server: 'accepts',
  },
  'a folder that is not rendered': {
    rule: 'depends-on',
    make: edit('Kustomization flux-system/units', (object) => {
      object.spec.path = './dist/clusters/home/fluxx';
    }),
    object: 'Kustomization flux-system/units',
    at: 'spec.path',
    says: 'where nothing is rendered',
    server: 'accepts',
  },
  'a Kustomization that does not wait': {
    rule: 'depends-on',
    make: edit('Kustomization flux-system/network', (object) => {
      object.spec.wait = false;
    }),
    object: 'Kustomization flux-system/network',
    at: 'spec.wait',
    says: 'is not true',
    server: 'accepts',
  },
  'a Kustomization that applies itself': {
    rule: 'self-applied',
    make: edit('Kustomization flux-system/units', (object) => {
      object.spec.path = './dist/clusters/home/bootstrap';
    }),
    object: 'Kustomization flux-system/units',
    at: 'spec.path',
    says: 'it stands in clusters/home/bootstrap/bootstrap.yaml',
    server: 'accepts',
  },
  'an object in two units': {
    rule: 'once',
    make: (draft) => draft.add('services', structuredClone(draft.edit('ServiceAccount ci/redis'))),
    object: 'ServiceAccount ci/redis',
    at: '',
    says: 'is made by data/redis/redis/account too',
    server: 'accepts',
  },
  'a volume that a commit could delete': {
    rule: 'data-kept',
    make: edit(redis, (object) => {
      delete object.metadata.annotations;
    }),
    object: redis,
    at: 'metadata.annotations["kustomize.toolkit.fluxcd.io/prune"]',
    says: 'is not "disabled"',
    server: 'accepts',
  },
  'a name with a hash': {
    rule: 'stable-names',
    make: (draft) =>
      draft.add('services', { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('settings-c8f3a1b2') }),
    object: 'ConfigMap ci/settings-c8f3a1b2',
    at: 'metadata.name',
    says: 'with a hash',
    server: 'accepts',
  },
};

/** What is found besides by rules that only advise. */
export const advised: Readonly<Record<string, Mistake>> = {
  'an image by its tag': {
    rule: 'image-digest',
    make: () => undefined,
    object: redis,
    at: `${container}.image`,
    says: 'by its tag only',
    server: 'accepts',
  },
  'a rule in CEL that cannot be evaluated here': {
    rule: 'cel-unknown',
    make: (draft) => {
      draft.add('add-ons', {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: {
          name: 'things.example.org',
          annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
        },
        spec: {
          group: 'example.org',
          scope: 'Namespaced',
          names: { kind: 'Thing', plural: 'things' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: {
                  type: 'object',
                  properties: {
                    spec: {
                      type: 'object',
                      'x-kubernetes-preserve-unknown-fields': true,
                      'x-kubernetes-validations': [{ rule: 'cidr(self.range).ip() == ip("::1")' }],
                    },
                  },
                },
              },
            },
          ],
        },
      });
      draft.add('scaling', {
        apiVersion: 'example.org/v1',
        kind: 'Thing',
        metadata: metadata('thing'),
        spec: { range: '::/0' },
      });
    },
    object: 'Thing ci/thing',
    at: 'spec',
    says: 'has a rule that cannot be evaluated here',
    server: 'accepts',
  },
  'a unit that is too large': {
    rule: 'unit-size',
    make: (draft) => {
      for (let index = 0; index < 200; index++)
        draft.add('services', { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(`many-${index}`) });
    },
    object: 'ServiceAccount ci/api',
    at: '',
    says: 'is of the unit services, which has',
    server: 'accepts',
  },
};
