import { nearest } from '../../nearest.ts';
import type { Ingress, Service, Workload } from '../objects.ts';
import { referencesOf, targetsOf } from '../references.ts';
import type { Rule } from '../rule.ts';
import { containersOf, type Item, toId } from '../world.ts';

export const reference: Rule = {
  name: 'reference',
  says: 'Everything that is named exists: Secrets and ConfigMaps with their keys, accounts, volumes, roles, classes, sources, authentications, what is scaled.',
  why: 'Pods wait in ContainerCreating, and nothing says why but their events.',
  *check(world) {
    const targets = targetsOf(world);
    for (const { item, at, to, keys = [], optional } of referencesOf(world)) {
      const target = targets.get(to);
      if (target === undefined) {
        if (optional) continue;
        const [kind = ''] = to.split(' ');
        const near = nearest(
          to,
          [...targets.keys()].filter((id) => id.startsWith(`${kind} `)),
        );
        const mend =
          kind === 'Secret'
            ? 'let a chart say where it comes from with a SecretReference, or seal it in sealed/<cluster>/'
            : 'make it, or say with Brought who does';
        yield {
          item,
          at,
          message: `names ${to}, which nobody makes`,
          mend: near === undefined ? mend : `did you mean ${near}? or ${mend}`,
        };
        continue;
      }
      const missing = keys.filter((key) => target.keys !== undefined && !target.keys.includes(key));
      if (missing.length > 0 && !optional)
        yield {
          item,
          at,
          message: `wants ${missing.join(', ')} of ${to}, which has no such key`,
          mend: `expected of ${target.keys?.join(', ') ?? ''}`,
        };
    }
  },
};

export const ingressPort: Rule = {
  name: 'ingress-port',
  says: 'Every Ingress leads to a port that its Service has.',
  why: 'People would see "bad gateway".',
  *check(world) {
    for (const item of world.ofKind<Ingress>('Ingress')) {
      for (const [rule, { http }] of (item.object.spec.rules ?? []).entries()) {
        for (const [path, { backend }] of (http?.paths ?? []).entries()) {
          const { name = '', port } = backend.service ?? {};
          const service = world.find(toId('Service', item.namespace, name)) as Item<Service> | undefined;
          const open = service?.object.spec.ports ?? [];
          if (
            service === undefined ||
            open.some(
              (one) => one.port === port?.number || (port?.name !== undefined && one.name === port.name),
            )
          )
            continue;
          yield {
            item,
            at: `spec.rules[${rule}].http.paths[${path}].backend.service.port`,
            message: `is ${port?.number ?? port?.name}, which ${service.id} does not have`,
            mend: `expected one of ${open.map((one) => one.port).join(', ')}`,
          };
        }
      }
    }
  },
};

export const mount: Rule = {
  name: 'mount',
  says: 'What a container mounts is a volume of its pod, and every volume is mounted.',
  why: 'The API server refuses the pod; what nobody mounts is waited for all the same.',
  *check({ pods }) {
    for (const pod of pods) {
      const claims = ((pod.item.object as Workload).spec.volumeClaimTemplates ?? []).map(
        ({ metadata }) => metadata.name,
      );
      const volumes = [...(pod.spec.volumes ?? []).map(({ name }) => name), ...claims];
      const mounted = new Set<string>();
      for (const { container, at } of containersOf(pod)) {
        for (const [index, { name }] of (container.volumeMounts ?? []).entries()) {
          mounted.add(name);
          if (!volumes.includes(name))
            yield {
              item: pod.item,
              at: `${at}.volumeMounts[${index}].name`,
              message: `is "${name}", and the pod has no such volume`,
              mend: `expected one of ${volumes.join(', ')}`,
            };
        }
      }
      for (const [index, { name }] of (pod.spec.volumes ?? []).entries())
        if (!mounted.has(name))
          yield {
            item: pod.item,
            at: `${pod.specAt}.volumes[${index}]`,
            message: `("${name}") is mounted by no container`,
            mend: 'mount it, or leave it out',
          };
    }
  },
};
