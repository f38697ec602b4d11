import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareFields, toCanonical } from '../../../../charts/review/diff/fields.ts';

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('map'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  map: fc.dictionary(fc.string({ maxLength: 5 }), tie('value'), { maxKeys: 4 }),
})).value;

test('a value does not differ from its copy, whatever it is', () => {
  fc.assert(fc.property(value, (one) => expect(compareFields(one, structuredClone(one))).toEqual([])));
});

test('what is said to be the same has the same members', () => {
  const sorted = (one: unknown): string =>
    Array.isArray(one)
      ? `[${one.map(sorted).sort().join()}]`
      : typeof one === 'object' && one !== null
        ? `{${Object.entries(one)
            .map(([key, inner]) => `${key}:${sorted(inner)}`)
            .sort()
            .join()}}`
        : toCanonical(one);
  fc.assert(
    fc.property(value, value, (one, other) => {
      if (compareFields(one, other).length === 0) expect(sorted(one)).toBe(sorted(other));
    }),
  );
});

test('what comes in one direction goes in the other', () => {
  fc.assert(
    fc.property(value, value, (one, other) => {
      const turned = compareFields(other, one).map(({ at, before, after }) =>
        toCanonical([at, after, before]),
      );
      const said = compareFields(one, other).map(({ at, before, after }) => toCanonical([at, before, after]));
      // Members without a name are called by their place in the newer list.
      expect(turned.length).toBe(said.length);
    }),
  );
});

test('containers are paired by name, so that one more before them is one change', () => {
  const api = { name: 'api', image: 'api:1', env: [{ name: 'A', value: '1' }] };
  const before = { containers: [api] };
  const after = {
    containers: [
      { name: 'proxy', image: 'proxy:1' },
      { ...api, env: [{ name: 'A', value: '2' }] },
    ],
  };
  expect(compareFields(before, after)).toEqual([
    { at: 'containers[api].env[A].value', before: '1', after: '2' },
    { at: 'containers[proxy]', before: undefined, after: { name: 'proxy', image: 'proxy:1' } },
  ]);
});

test('members without a name are paired by being equal', () => {
  const rule = (port: number) => ({ ports: [{ port, protocol: 'TCP' }] });
  expect(compareFields([rule(80), rule(443)], [rule(22), rule(80), rule(443)], 'spec.egress')).toEqual([
    { at: 'spec.egress[0]', before: undefined, after: rule(22) },
  ]);
  expect(compareFields([rule(80), rule(443)], [rule(80), rule(8443)], 'spec.egress')).toEqual([
    { at: 'spec.egress[1].ports[443]', before: { port: 443, protocol: 'TCP' }, after: undefined },
    { at: 'spec.egress[1].ports[8443]', before: undefined, after: { port: 8443, protocol: 'TCP' } },
  ]);
});

test('the order of a command is meaning, and that of a list of verbs is none', () => {
  expect(compareFields(['get', 'list'], ['list', 'get'], 'rules[0].verbs')).toEqual([]);
  expect(compareFields(['a', 'b'], ['b', 'a'], 'containers[api].args')).toEqual([
    { at: 'containers[api].args', before: ['a', 'b'], after: ['b', 'a'] },
  ]);
});

test('a key that is no plain word is quoted', () => {
  expect(compareFields({}, { 'a.b/c': 1 }, 'metadata.labels')).toEqual([
    { at: 'metadata.labels["a.b/c"]', before: undefined, after: 1 },
  ]);
});
