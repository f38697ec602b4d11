import { expect, test } from '@jest/globals';
import { type CelRules, createCelRules } from '../../../../charts/review/schema/cel.ts';
import type { CelRule, Schema } from '../../../../charts/review/schema/schema.ts';

const cel: CelRules = createCelRules();
const ask = (schema: Schema, value: unknown, ...rules: CelRule[]) =>
  cel.ask({ at: 'spec', value, schema, rules }).map(({ message }) => message);

const schema: Schema = {
  type: 'object',
  properties: {
    min: { type: 'integer', default: 1 },
    max: { type: 'integer' },
    names: { type: 'array', items: { type: 'string' } },
    ratio: { type: 'number' },
  },
  additionalProperties: { type: 'string' },
};

test('a rule that holds is silent, one that does not says its message', () => {
  const rule = { rule: 'self.min <= self.max', message: 'min is more than max' };
  expect(ask(schema, { min: 1, max: 2 }, rule)).toEqual([]);
  expect(ask(schema, { min: 3, max: 2 }, rule)).toEqual(['min is more than max']);
});

test('defaults are filled in before a rule is asked', () => {
  expect(ask(schema, { max: 0 }, { rule: 'self.min <= self.max', message: 'less' })).toEqual(['less']);
});

test('a message may be an expression, and a rule without one is its own', () => {
  expect(
    ask(schema, { max: 7 }, { rule: 'self.max < 5', messageExpression: '"it is " + string(self.max)' }),
  ).toEqual(['it is 7']);
  expect(ask(schema, { max: 7 }, { rule: 'self.max < 5' })).toEqual(['does not hold: self.max < 5']);
});

test('a rule about what was before is left to the API server', () => {
  expect(ask(schema, { max: 1 }, { rule: 'self.max >= oldSelf.max' })).toEqual([]);
});

test('a rule that cannot be evaluated says nothing of the value', () => {
  expect(
    ask(schema, { max: 1 }, { rule: 'cidr(self.max).isCanonical()' }, { rule: 'this is not CEL' }),
  ).toEqual([undefined, undefined]);
});

test('lists, fractions, addresses and quantities are what CEL knows', () => {
  const value = { names: ['a', 'b'], ratio: 0.5, home: 'https://example.org', room: '2Gi' };
  const rules = [
    'size(self.names) == 2',
    'self.ratio < 1.0',
    'isURL(self.home)',
    'isQuantity(self.room)',
    '!isURL(self.room)',
  ];
  expect(ask(schema, value, ...rules.map((rule) => ({ rule })))).toEqual([]);
});
