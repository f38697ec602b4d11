import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  atMost,
  type Identity,
  knowsRepository,
  type Role,
  reaches,
  toActor,
} from '../../../../services/core/access/index.ts';
import { personRoles } from '../../../../services/core/job/index.ts';

const machines = ['launcher', 'metrics', 'claim', 'job'] as const;
const roles: readonly Role[] = [...personRoles, ...machines];
const anyRole = fc.constantFrom(...roles);
const anyRung = fc.constantFrom(...personRoles);

test('each rung reaches itself and what stands below it, and nothing above', () => {
  const reached = personRoles.map((held) => personRoles.filter((wanted) => reaches(held, wanted)));
  expect(reached).toEqual([['view'], ['view', 'trigger'], ['view', 'trigger', 'admin']]);
});

test('a machine reaches its own role only, and no person reaches a machine’s', () => {
  fc.assert(
    fc.property(anyRole, fc.constantFrom(...machines), (role, machine) => {
      expect(reaches(role, machine)).toBe(role === machine);
      expect(reaches(machine, role)).toBe(role === machine);
    }),
  );
});

test('what is handed on is never more than what is held, nor than what was asked for', () => {
  fc.assert(
    fc.property(anyRung, anyRung, (held, wanted) => {
      const given = atMost(held, wanted);
      expect(reaches(held, given) && reaches(wanted, given)).toBe(true);
      expect([held, wanted]).toContain(given);
    }),
  );
});

test('a credential with a limit knows the repositories named in it, and one without knows all', () => {
  const limited: Identity = { role: 'admin', actor: 'token:a', repositories: ['local/ada/engine'] };
  expect(knowsRepository(limited, 'local/ada/engine')).toBe(true);
  for (const other of ['local/ada/engin', 'local/ada/engine2', 'gitea/ada/engine', ''])
    expect(knowsRepository(limited, other)).toBe(false);
  expect(knowsRepository({ role: 'admin', actor: 'token:a', repositories: [] }, 'local/ada/engine')).toBe(
    false,
  );
  expect(knowsRepository({ role: 'view', actor: 'page-code' }, 'local/ada/engine')).toBe(true);
});

test('everybody who asks can be written down', () => {
  const all: [Identity, string][] = [
    [{ role: 'admin', actor: 'admin-token' }, 'admin-token'],
    [{ role: 'view', actor: 'user:gitea:7', name: 'ada' }, 'user:gitea:7 (ada)'],
    [{ role: 'launcher' }, 'launcher'],
    [{ role: 'metrics' }, 'metrics'],
    [{ role: 'claim', token: 'bc.secret' }, 'claim'],
    [{ role: 'job', job: '0123456789abcdef0123', fence: 3 }, 'job:0123456789abcdef0123'],
  ];
  for (const [identity, actor] of all) expect(toActor(identity)).toBe(actor);
});
