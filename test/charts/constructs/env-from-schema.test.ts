import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { envFromSchema } from '../../../charts/constructs/env-from-schema.ts';

const schema = z.object({
  BELLOWS_URL: z.url('expected an address'),
  BELLOWS_AGENT: z.string(),
  BELLOWS_LEASE_MS: z.coerce.number().int().default(30_000),
});

test('settings become a sorted environment, what only the cluster knows by reference', () => {
  const env = envFromSchema(schema, {
    BELLOWS_URL: 'http://api.ci.svc:7440',
    BELLOWS_LEASE_MS: 1000,
    BELLOWS_AGENT: { fieldPath: 'metadata.name' },
  });
  expect(env).toEqual([
    { name: 'BELLOWS_AGENT', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'BELLOWS_LEASE_MS', value: '1000' },
    { name: 'BELLOWS_URL', value: 'http://api.ci.svc:7440' },
  ]);
});

test('a value that the program would refuse is refused at synth', () => {
  expect(() => envFromSchema(schema, { BELLOWS_URL: 'nowhere', BELLOWS_AGENT: 'a' })).toThrow(
    'BELLOWS_URL cannot be "nowhere": expected an address',
  );
});

test('a missing setting does not compile', () => {
  // @ts-expect-error BELLOWS_AGENT is not there
  expect(envFromSchema(schema, { BELLOWS_URL: 'http://a' })).toHaveLength(1);
});

test('a misspelt setting does not compile', () => {
  const misspelt = () =>
    envFromSchema(schema, {
      BELLOWS_URL: 'http://a',
      BELLOWS_AGENT: 'a',
      // @ts-expect-error it is BELLOWS_LEASE_MS
      BELLOWS_LEASE: 1,
    });
  expect(misspelt).toThrow('BELLOWS_LEASE is no setting');
});
