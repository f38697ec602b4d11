import { networkOf } from '../network.ts';
import type { ConfigMap, Ingress, KubeObject, Service } from '../objects.ts';
import type { Broken, Rule } from '../rule.ts';
import { containersOf, type End, type Item, toId, type World } from '../world.ts';
import { endsBehind } from './selectors.ts';

/** Somewhere in an object, the name of a Service. */
interface Address {
  readonly item: Item;
  readonly at: string;
  /** Who connects. */
  readonly from: readonly End[];
  readonly service: string;
  readonly namespace: string;
  readonly port: number | undefined;
  readonly text: string;
}

export const address: Rule = {
  name: 'address',
  says: 'Every Service that a program is told of exists, on that port, and the way there is open at both ends.',
  why: 'The program starts, and what it needs is never there.',
  *check(world) {
    for (const address of addressesOf(world)) yield* judge(world, address);
  },
};

function* judge(
  world: World,
  { item, at, from, service, namespace, port, text }: Address,
): Generator<Broken> {
  const found = world.find(toId('Service', namespace, service)) as Item<Service> | undefined;
  if (found === undefined) {
    // Where others bring pods, Services are their business.
    if (world.ends.some((end) => end.brought !== undefined && end.namespace === namespace)) return;
    const there = world.ofKind('Service').filter((other) => other.namespace === namespace);
    yield {
      item,
      at,
      message: `names ${text}, and there is no such Service`,
      mend: `expected one of ${there.map(({ object }) => object.metadata.name).join(', ') || 'those of another namespace'}`,
    };
    return;
  }
  if (port === undefined) return;
  const open = found.object.spec.ports ?? [];
  const entry = open.find((one) => one.port === port);
  if (entry === undefined) {
    yield {
      item,
      at,
      message: `names ${text}, and ${found.id} has no port ${port}`,
      mend: `expected one of ${open.map((one) => one.port).join(', ')}`,
    };
    return;
  }
  const { targetPort = port, protocol = 'TCP' } = entry;
  const network = networkOf(world);
  for (const sender of from) {
    for (const target of endsBehind(world, found)) {
      const number = target.ports.find(({ name }) => name === targetPort)?.port ?? Number(targetPort);
      // Nobody needs a way to itself; a port that the pod has not is the Service's mistake.
      if (sender === target || (sender.pods !== undefined && sender.pods.item === target.pods?.item))
        continue;
      if (!target.ports.some((open) => open.port === number)) continue;
      const closed = !network.allows('Egress', sender, target, number, protocol)
        ? `${sender.called} may not send there`
        : !network.allows('Ingress', target, sender, number, protocol)
          ? `${target.called} does not let ${sender.called} in`
          : undefined;
      if (closed !== undefined)
        yield {
          item,
          at,
          message: `names ${text}, and ${closed}`,
          mend: 'add the way to charts/network/edges.ts',
        };
    }
  }
}

function* addressesOf(world: World): Generator<Address> {
  for (const pods of world.pods) {
    const from = world.ends.filter((end) => end.pods === pods);
    for (const { container, at } of containersOf(pods)) {
      for (const [index, { value }] of (container.env ?? []).entries())
        yield* find(pods.item, `${at}.env[${index}].value`, from, value);
      for (const list of ['command', 'args'] as const)
        for (const [index, word] of (container[list] ?? []).entries())
          yield* find(pods.item, `${at}.${list}[${index}]`, from, word);
    }
    for (const { configMap } of pods.spec.volumes ?? []) {
      const config =
        configMap === undefined
          ? undefined
          : (world.find(toId('ConfigMap', pods.namespace, configMap.name)) as Item<ConfigMap> | undefined);
      for (const [key, text] of Object.entries(config?.object.data ?? {}))
        if (config !== undefined && !/\.(?:m?ts|m?js|py|sh)$/.test(key))
          yield* find(config, `data["${key}"]`, from, text);
    }
  }
  // Who reads a kind of object connects to what stands in it: KEDA to what a trigger names, Flux to a source.
  for (const reader of world.ends) {
    const group = reader.brought?.dials;
    if (group === undefined) continue;
    for (const item of world.items.filter((item) => item.group === group))
      yield* findInside(world, item, reader);
  }
}

function* findInside(world: World, item: Item, reader: End): Generator<Address> {
  const { spec } = item.object as KubeObject & { readonly spec?: Readers };
  yield* find(item, 'spec.url', [reader], spec?.url);
  for (const [index, { metadata = {} }] of (spec?.triggers ?? []).entries())
    for (const [key, value] of Object.entries(metadata))
      yield* find(item, `spec.triggers[${index}].metadata.${key}`, [reader], value);
  for (const [rule, { http }] of (spec?.rules ?? []).entries()) {
    for (const [path, { backend }] of (http?.paths ?? []).entries()) {
      const { name, port } = backend.service ?? {};
      const service = world.find(toId('Service', item.namespace, name ?? '')) as Item<Service> | undefined;
      // What an Ingress names and is not there, other rules say.
      if (name === undefined || !service?.object.spec.ports?.some((open) => open.port === port?.number))
        continue;
      const at = `spec.rules[${rule}].http.paths[${path}].backend.service`;
      const text = `${name}:${port?.number ?? ''}`;
      yield { item, at, from: [reader], service: name, namespace: item.namespace, port: port?.number, text };
    }
  }
}

/** What is read of objects by who connects to what they name. */
interface Readers {
  readonly url?: string;
  readonly triggers?: readonly { readonly metadata?: Readonly<Record<string, string>> }[];
  readonly rules?: Ingress['spec']['rules'];
}

/** The address of a Service, or of one pod of a headless one: `redis-0.redis-members.ci.svc:6379`. */
const form =
  /(?:(?<scheme>[a-z]+):\/\/)?(?<![a-z0-9.-])(?:[a-z][a-z0-9-]*\.)?(?<service>[a-z][a-z0-9-]*)\.(?<namespace>[a-z][a-z0-9-]*)\.svc(?:\.cluster\.local)?(?![a-z0-9.-])(?::(?<port>\d{1,5}))?/g;

function* find(item: Item, at: string, from: readonly End[], text: string | undefined): Generator<Address> {
  if (text === undefined || !text.includes('.svc')) return;
  for (const match of text.matchAll(form)) {
    const { scheme = '', service = '', namespace = '', port } = match.groups ?? {};
    const number = port === undefined ? defaultPorts[scheme] : Number(port);
    yield { item, at, from, service, namespace, port: number, text: match[0] };
  }
}

const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443, redis: 6379 };
