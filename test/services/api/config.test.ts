import { expect, test } from '@jest/globals';
import { apiConfigSchema } from '../../../services/api/config.ts';
import { readConfig } from '../../../services/core/runtime/index.ts';

const secrets = { BELLOWS_SECRETS_DIR: '/run/secrets' };

test('the defaults are those of one machine, on loopback, and durable', () => {
  expect(readConfig(apiConfigSchema, secrets)).toMatchObject({
    BELLOWS_LISTEN: '127.0.0.1:7440',
    BELLOWS_PUBLIC_URL: 'http://127.0.0.1:7440',
    BELLOWS_LEASE_MS: 30_000,
    BELLOWS_REQUIRE_DURABLE: true,
    BELLOWS_OPEN_READYZ: false,
  });
});

test('each setting is described, for the documentation is made of it', () => {
  for (const [name, schema] of Object.entries(apiConfigSchema.shape))
    expect([name, (schema.description ?? '').length > 20]).toEqual([name, true]);
});

test.each([
  ['BELLOWS_LISTEN', '7440'],
  ['BELLOWS_PUBLIC_URL', 'ftp://x'],
  ['BELLOWS_REDIS_URL', 'localhost:6379'],
  ['BELLOWS_GITEA_ORIGIN', 'https://user:pass@gitea.example'],
  ['BELLOWS_LEASE_MS', '-1'],
  ['BELLOWS_REQUIRE_DURABLE', 'yes'],
  ['BELLOWS_LOG_LEVEL', 'loud'],
  ['BELLOWS_REPOSITORIES', 'gitea/acme/site'],
  ['BELLOWS_REPOSITORIES', 'local/ada/mill=m'],
  ['BELLOWS_REPOSITORIES', 'gitea/acme/site=m,acme/x=m'],
  ['BELLOWS_HOSTS', ','],
])('%s refuses "%s" by name, and never shows it', (name, value) => {
  expect(() => readConfig(apiConfigSchema, { ...secrets, [name]: value })).toThrow(name);
});

test('lists and addresses are read as they are meant', () => {
  const config = readConfig(apiConfigSchema, {
    ...secrets,
    BELLOWS_HOSTS: 'Api.bellows.svc:7440, ci.example.org',
    BELLOWS_PUBLIC_URL: 'https://ci.example.org/',
    BELLOWS_LISTEN: '[::]:7440',
    BELLOWS_REQUIRE_DURABLE: 'false',
  });
  expect(config).toMatchObject({
    BELLOWS_HOSTS: ['api.bellows.svc:7440', 'ci.example.org'],
    BELLOWS_PUBLIC_URL: 'https://ci.example.org',
    BELLOWS_REQUIRE_DURABLE: false,
  });
});
