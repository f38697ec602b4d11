import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseRoles, toRole, toWantedClaims } from '../../../../services/api/sign-in/roles.ts';

const rules = parseRoles(
  ' admin=group:acme:owners; trigger=group:acme:devs;trigger=email:ci@acme.org;view=* ;',
);

test('the highest role that any rule gives is the person’s', () => {
  expect(toRole(rules, { groups: ['acme:owners', 'acme:devs'] })).toBe('admin');
  expect(toRole(rules, { groups: ['acme:devs'] })).toBe('trigger');
  expect(toRole(rules, { groups: 'acme:owners' })).toBe('admin');
  expect(toRole(rules, {})).toBe('view');
  expect(toWantedClaims(rules)).toEqual(['groups', 'groups', 'email']);
});

test('without rules nobody has a role, whatever the claims', () => {
  const claims = fc.dictionary(fc.string(), fc.string());
  fc.assert(fc.property(claims, (given) => toRole(parseRoles(''), given) === undefined));
});

test('a value counts when it is exactly that value', () => {
  const strict = parseRoles('admin=group:owners');
  for (const groups of [
    'owners ',
    'Owners',
    'owners2',
    ['x:owners'],
    [['owners']],
    { owners: true },
    1,
    null,
  ])
    expect(toRole(strict, { groups })).toBeUndefined();
  expect(toRole(parseRoles('admin=constructor:Object'), {})).toBeUndefined();
});

test('an address counts when the provider has verified it', () => {
  expect(toRole(rules, { email: 'ci@acme.org' })).toBe('view');
  expect(toRole(rules, { email: 'ci@acme.org', email_verified: 'true' })).toBe('view');
  expect(toRole(rules, { email: 'ci@acme.org', email_verified: true })).toBe('trigger');
});

test('a rule that is none is named', () => {
  for (const rule of ['owner=group:x', 'admin', 'admin=', 'admin=group', 'admin=group:', '=*', 'launcher=*'])
    expect(() => parseRoles(`view=*;${rule}`)).toThrow(`"${rule}": expected <role>=`);
});
