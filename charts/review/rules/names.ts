import type { Labels, Service } from '../objects.ts';
import type { Broken, Rule } from '../rule.ts';
import { join, show } from '../schema/say.ts';
import type { Item } from '../world.ts';
import { containersOf } from '../world.ts';

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const subdomain = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const service = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const segment = /^(?!\.{1,2}$)[^/%]{1,253}$/;
const qualified =
  /^(?:(?=[^/]{1,253}\/)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;
export const portName = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9](?:-?[a-z0-9])*$/;

/** What a kind's name may be, where it is not a DNS subdomain. */
const nameForms: Readonly<Record<string, [RegExp, string]>> = {
  Namespace: [label, 'a DNS label: at most 63 of a-z, 0-9 and -'],
  Service: [service, 'a DNS label that begins with a letter'],
  ...Object.fromEntries(
    ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'].map((kind): [string, [RegExp, string]] => [
      kind,
      [segment, 'text without / and %'],
    ]),
  ),
  // What they append to it must still fit into a label.
  CronJob: [/^(?=.{1,52}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'at most 52 of a-z, 0-9 and -'],
  StatefulSet: [/^(?=.{1,52}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, 'at most 52 of a-z, 0-9 and -'],
  Job: [label, 'at most 63 of a-z, 0-9 and -'],
};

export const names: Rule = {
  name: 'names',
  says: 'Names, labels and annotations are of the form that Kubernetes takes.',
  why: 'The API server refuses the object, or its controller cannot make the pods.',
  *check(world) {
    for (const item of world.items) {
      const { kind, metadata } = item.object;
      const [form, expected] = nameForms[kind] ?? [subdomain, 'a DNS name: at most 253 of a-z, 0-9, - and .'];
      if (!form.test(metadata.name))
        yield {
          item,
          at: 'metadata.name',
          message: `is ${show(metadata.name)}`,
          mend: `expected ${expected}`,
        };
      yield* labels(item, 'metadata.labels', metadata.labels);
      yield* keys(item, 'metadata.annotations', metadata.annotations);
    }
    for (const item of world.ofKind<Service>('Service')) {
      const { ports = [] } = item.object.spec;
      for (const [index, { name = '' }] of ports.entries())
        if (name === '' ? ports.length > 1 : !label.test(name))
          yield {
            item,
            at: `spec.ports[${index}].name`,
            message: `is ${show(name)}`,
            mend: 'expected a DNS label; it may be left out where there is one port only',
          };
    }
    for (const pods of world.pods) {
      const { item, labelsAt } = pods;
      if (labelsAt !== 'metadata.labels') yield* labels(item, labelsAt, pods.labels);
      for (const { container, at } of containersOf(pods)) {
        if (!label.test(container.name))
          yield {
            item,
            at: `${at}.name`,
            message: `is ${show(container.name)}`,
            mend: 'expected a DNS label: at most 63 of a-z, 0-9 and -',
          };
        for (const [index, { name }] of (container.ports ?? []).entries())
          if (name !== undefined && !portName.test(name))
            yield {
              item,
              at: `${at}.ports[${index}].name`,
              message: `is ${show(name)}`,
              mend: 'expected at most 15 of a-z, 0-9 and -, with a letter',
            };
      }
    }
  },
};

function* labels(item: Item, at: string, given: Labels = {}): Generator<Broken> {
  yield* keys(item, at, given);
  for (const [key, value] of Object.entries(given))
    if (!labelValue.test(value))
      yield {
        item,
        at: join(at, key),
        message: `is ${show(value)}`,
        mend: 'expected at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit',
      };
}

function* keys(item: Item, at: string, given: Labels = {}): Generator<Broken> {
  for (const key of Object.keys(given))
    if (!qualified.test(key))
      yield {
        item,
        at: join(at, key),
        message: 'is no key of a label or annotation',
        mend: 'expected a name such as "app" or "bellows.dev/pool"',
      };
}

export const stableNames: Rule = {
  name: 'stable-names',
  says: 'No name, label or selector comes from where the code stands.',
  why: 'cdk8s puts hashes of construct paths into them, some are immutable, and moving a line would break the apply.',
  *check(world) {
    for (const item of world.items) {
      const { metadata } = item.object;
      if (/-c8[0-9a-f]{6}$|-[0-9a-f]{8}$/.test(metadata.name))
        yield {
          item,
          at: 'metadata.name',
          message: `is ${show(metadata.name)}, with a hash`,
          mend: 'give it a name',
        };
      const text = JSON.stringify(item.object);
      if (text.includes('cdk8s.io/metadata.addr'))
        yield {
          item,
          message: 'has the label cdk8s.io/metadata.addr',
          mend: 'set select: false and labels of your own',
        };
    }
  },
};
