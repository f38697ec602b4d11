import type { Container, PodSpec, SecurityContext } from '../objects.ts';
import type { Broken, Rule } from '../rule.ts';
import { containersOf, type PodsOf } from '../world.ts';

const volumeKinds = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
  'name',
];
const sysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];

type Fault = readonly [at: string, message: string, mend: string];

export const podSecurity: Rule = {
  name: 'pod-security',
  says: 'Pod Security "restricted" admits every pod.',
  why: 'The namespace refuses the pod, and its workload waits for ever.',
  *check({ pods }) {
    for (const pod of pods) {
      const { item, spec, specAt } = pod;
      for (const [where, message, mend] of ofPod(spec))
        yield { item, at: `${specAt}.${where}`, message, mend };
      for (const { container, at } of containersOf(pod))
        for (const [where, message, mend] of ofContainer(container, spec.securityContext ?? {}))
          yield { item, at: `${at}.${where}`, message, mend };
    }
  },
};

function* ofPod(spec: PodSpec): Generator<Fault> {
  for (const host of ['hostNetwork', 'hostPID', 'hostIPC'] as const)
    if (spec[host] === true) yield [host, 'is true', 'leave it out'];
  yield* ofContext(spec.securityContext ?? {}, 'securityContext');
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    const kind = Object.keys(volume).find((key) => !volumeKinds.includes(key));
    if (kind !== undefined)
      yield [
        `volumes[${index}].${kind}`,
        'is a kind of volume that is not allowed',
        `expected one of ${volumeKinds.slice(0, -1).join(', ')}`,
      ];
  }
  for (const [index, { name }] of (spec.securityContext?.sysctls ?? []).entries())
    if (!sysctls.includes(name))
      yield [`securityContext.sysctls[${index}]`, `is ${name}`, 'expected one that is safe for the node'];
}

function* ofContainer(container: Container, pod: SecurityContext): Generator<Fault> {
  const own = container.securityContext ?? {};
  yield* ofContext(own, 'securityContext');
  if (own.privileged === true) yield ['securityContext.privileged', 'is true', 'leave it out'];
  if (own.allowPrivilegeEscalation !== false)
    yield ['securityContext.allowPrivilegeEscalation', 'is not false', 'set it to false'];
  if (own.capabilities?.drop?.includes('ALL') !== true)
    yield ['securityContext.capabilities.drop', 'does not name ALL', 'set it to [ALL]'];
  const added = (own.capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE');
  if (added.length > 0)
    yield [
      'securityContext.capabilities.add',
      `is ${added.join(', ')}`,
      'expected none, or NET_BIND_SERVICE',
    ];
  if (own.procMount !== undefined && own.procMount !== 'Default')
    yield ['securityContext.procMount', `is ${own.procMount}`, 'leave it out'];
  if ((own.runAsNonRoot ?? pod.runAsNonRoot) !== true)
    yield ['securityContext.runAsNonRoot', 'is not true, here or for the pod', 'set it to true'];
  const seccomp = own.seccompProfile?.type ?? pod.seccompProfile?.type;
  if (seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost')
    yield [
      'securityContext.seccompProfile.type',
      `is ${seccomp ?? 'missing'}, here or for the pod`,
      'set it to RuntimeDefault',
    ];
  for (const [index, { hostPort = 0 }] of (container.ports ?? []).entries())
    if (hostPort !== 0) yield [`ports[${index}].hostPort`, `is ${hostPort}`, 'leave it out'];
}

function* ofContext(context: SecurityContext, at: string): Generator<Fault> {
  if (context.runAsUser === 0) yield [`${at}.runAsUser`, 'is 0, which is root', 'expected another user'];
  if (context.windowsOptions?.hostProcess === true)
    yield [`${at}.windowsOptions.hostProcess`, 'is true', 'leave it out'];
  const armor = context.appArmorProfile?.type;
  if (armor === 'Unconfined')
    yield [`${at}.appArmorProfile.type`, 'is Unconfined', 'expected RuntimeDefault or Localhost'];
  const { type = '', user = '', role = '' } = context.seLinuxOptions ?? {};
  if (
    !['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'].includes(type) ||
    user !== '' ||
    role !== ''
  )
    yield [`${at}.seLinuxOptions`, 'names a user, a role or another type', 'leave it out'];
}

export const podSecurityEnforced: Rule = {
  name: 'pod-security-enforced',
  says: 'Every namespace of ours enforces Pod Security "restricted", and warns of what would break it.',
  why: 'Whatever comes into the cluster by another way than these charts would be admitted.',
  *check(world) {
    for (const item of world.ofKind('Namespace')) {
      for (const mode of ['enforce', 'audit', 'warn']) {
        const label = `pod-security.kubernetes.io/${mode}`;
        const found = item.object.metadata.labels?.[label];
        if (found !== 'restricted')
          yield {
            item,
            at: `metadata.labels["${label}"]`,
            message: `is ${found ?? 'missing'}`,
            mend: 'set it to restricted',
          };
      }
    }
  },
};

export const noToken: Rule = {
  name: 'no-token',
  says: 'No pod is given a token of the Kubernetes API that it did not ask for.',
  why: 'Whoever takes over the pod speaks to the API server as its ServiceAccount.',
  *check({ pods }) {
    for (const { item, spec, specAt } of pods)
      if (spec.automountServiceAccountToken !== false)
        yield {
          item,
          at: `${specAt}.automountServiceAccountToken`,
          message: 'is not false',
          mend: 'set it to false; what needs a token mounts one that says what for',
        };
  },
};

export const bounded: Rule = {
  name: 'bounded',
  says: 'Every container asks for memory and processor time, and has a limit of memory.',
  why: 'One pod could take a node from all others, and the scheduler would not know.',
  *check({ pods }) {
    for (const pod of pods) yield* ofResources(pod);
  },
};

function* ofResources(pod: PodsOf): Generator<Broken> {
  const { item } = pod;
  for (const { container, at } of containersOf(pod)) {
    const { requests = {}, limits = {} } = container.resources ?? {};
    if (limits.memory === undefined)
      yield {
        item,
        at: `${at}.resources.limits.memory`,
        message: 'is missing',
        mend: 'say how much it may have',
      };
    for (const resource of ['cpu', 'memory'])
      if (requests[resource] === undefined && limits[resource] === undefined)
        yield {
          item,
          at: `${at}.resources.requests.${resource}`,
          message: 'is missing',
          mend: 'say how much it needs',
        };
  }
}
