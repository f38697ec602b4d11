import { nearest } from '../../nearest.ts';
import type { KubeObject } from '../objects.ts';
import type { Broken, Rule } from '../rule.ts';
import { type CelRules, createCelRules } from '../schema/cel.ts';
import { type CustomResourceDefinition, type Kinds, readKinds } from '../schema/kinds.ts';
import { type Verdict, validate } from '../schema/validate.ts';
import { isSealed } from '../sealed.ts';
import type { Item, World } from '../world.ts';

let shared: { kinds: Kinds; cel: CelRules } | undefined;

/** The kinds that this cluster has: what all have is read once, its own definitions each time. */
export function kindsOf(world: World): Kinds {
  const own = world
    .ofKind<KubeObject & CustomResourceDefinition>('CustomResourceDefinition')
    .map(({ object }) => object);
  shared ??= { kinds: readKinds(), cel: createCelRules() };
  return own.length === 0 ? shared.kinds : readKinds(own);
}

const verdicts = new WeakMap<object, Verdict>();

function judge(kinds: Kinds, { object }: Item): Verdict | undefined {
  const known = verdicts.get(object);
  if (known !== undefined) return known;
  const kind = kinds.find(object.apiVersion, object.kind);
  if (kind === undefined) return undefined;
  const verdict = validate(kind.schema, asOpened(object), kinds.definitions, kind.structural);
  verdicts.set(object, verdict);
  return verdict;
}

/** As Flux will apply it: what SOPS adds is taken out, and what it has encrypted is text. */
function asOpened(object: KubeObject): KubeObject {
  if (!isSealed(object)) return object;
  const { sops: _, data, ...rest } = object;
  return {
    ...rest,
    ...(data === undefined ? {} : { data: Object.fromEntries(Object.keys(data).map((key) => [key, ''])) }),
  } as KubeObject;
}

export const kindKnown: Rule = {
  name: 'kind-known',
  says: 'Every object is of a kind and version that the cluster serves.',
  why: 'The API server answers "no matches for kind", and Flux applies nothing of the unit.',
  *check(world) {
    const kinds = kindsOf(world);
    for (const item of world.items) {
      const { apiVersion, kind } = item.object;
      if (kinds.find(apiVersion, kind) !== undefined) continue;
      const known = kinds.listGroup(item.group);
      const near = nearest(`${apiVersion} ${kind}`, known);
      yield {
        item,
        message: `is of ${apiVersion} ${kind}, which is no kind of Kubernetes ${kinds.version} or of imports/schemas`,
        mend:
          near !== undefined
            ? `did you mean ${near}?`
            : known.length > 0
              ? `known in this group: ${known.join(', ')}`
              : `add its CustomResourceDefinition with imports/import.sh, or to a chart`,
      };
    }
  },
};

export const schema: Rule = {
  name: 'schema',
  says: 'Every field is one that its kind has, with a value of the right form.',
  why: 'An unknown field is dropped without a word, or refused; a wrong value is refused.',
  *check(world) {
    const kinds = kindsOf(world);
    for (const item of world.items) {
      for (const { at, message, mend } of judge(kinds, item)?.problems ?? [])
        yield { item, at, message, mend };
    }
  },
};

/** Whether every object has a shape on which the other rules may rely. */
export function isShaped(world: World): boolean {
  const kinds = kindsOf(world);
  return world.items.every((item) => judge(kinds, item)?.problems.every(({ shape }) => !shape) ?? true);
}

export const cel: Rule = {
  name: 'cel',
  says: 'What a CustomResourceDefinition says in CEL about its objects holds.',
  why: 'The API server refuses the object.',
  check: (world) => askCel(world, true),
};

export const celUnknown: Rule = {
  name: 'cel-unknown',
  says: 'Every rule in CEL can be evaluated here.',
  why: 'Only the API server knows whether it holds.',
  advice: true,
  check: (world) => askCel(world, false),
};

function* askCel(world: World, evaluated: boolean): Generator<Broken> {
  const kinds = kindsOf(world);
  for (const item of world.items) {
    for (const ruled of judge(kinds, item)?.ruled ?? []) {
      for (const { at, message, rule } of shared?.cel.ask(ruled) ?? []) {
        if ((message !== undefined) !== evaluated) continue;
        if (message === undefined)
          yield {
            item,
            at,
            message: `has a rule that cannot be evaluated here: ${rule}`,
            mend: 'try it at an API server: npm run test:apply',
          };
        else
          yield {
            item,
            at,
            message: `breaks a rule of its kind: ${message}`,
            mend: `make this true: ${rule.replaceAll(/\s+/g, ' ')}`,
          };
      }
    }
  }
}

export const scope: Rule = {
  name: 'scope',
  says: 'What lives in a namespace names one; what does not, names none.',
  why: 'An object without its namespace lands in "default"; a namespace of what can have none is dropped without a word.',
  *check(world) {
    const kinds = kindsOf(world);
    for (const item of world.items) {
      const kind = kinds.find(item.object.apiVersion, item.object.kind);
      if (kind === undefined || kind.namespaced === (item.namespace !== '')) continue;
      yield {
        item,
        at: 'metadata.namespace',
        message: kind.namespaced
          ? 'is missing'
          : `is "${item.namespace}", and ${item.object.kind} is of the whole cluster`,
        mend: kind.namespaced
          ? 'expected a namespace of charts/places.ts'
          : 'leave it out, and put the object into a chart without a namespace',
      };
    }
  },
};
