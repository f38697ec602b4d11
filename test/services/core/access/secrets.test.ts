import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createSecretsKey,
  hashToken,
  readSecrets,
  SecretError,
} from '../../../../services/core/access/index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, text: string, mode = 0o600) => {
  writeFileSync(join(folder, name), text);
  chmodSync(join(folder, name), mode);
};
const long = (letter: string) => letter.repeat(43);

test('an empty folder trusts nobody', async () => {
  expect(await readSecrets(folder)).toEqual({
    roles: { admin: undefined, launcher: undefined, metrics: undefined },
    webhooks: { local: [], gitea: [], github: [] },
    forges: { gitea: undefined, github: undefined },
    cloneKey: undefined,
    redisPassword: undefined,
    oidcClientSecret: undefined,
    exposed: [],
  });
});

test('tokens are kept as hashes, and a webhook may have two secrets', async () => {
  put('admin-token', `${long('a')}\n`);
  put('webhook-gitea', `${long('b')}\n${long('c')}\n`);
  put('clone-key', long('d'));
  const secrets = await readSecrets(folder);
  expect(secrets.roles.admin).toBe(hashToken(long('a')));
  expect(secrets.webhooks.gitea).toEqual([long('b'), long('c')]);
  expect(secrets.cloneKey).toBe(long('d'));
});

test('secrets-key is what age-keygen writes, or two identities of which the first is the newer', async () => {
  const [one, two] = [createSecretsKey(), createSecretsKey()];
  put('secrets-key', `# created: 2026-11-21T18:00:00Z\n# public key: age1…\n${one}\n`);
  expect((await readSecrets(folder)).secretsKeys).toEqual([one]);
  put('secrets-key', `${two}\n${one}\n`);
  expect((await readSecrets(folder)).secretsKeys).toEqual([two, one]);
  put('secrets-key', `${one}\n${long('a')}\n`);
  const reading = readSecrets(folder);
  await expect(reading).rejects.toThrow('secrets-key holds a line that is no age identity');
  await expect(reading).rejects.not.toThrow(long('a'));
});

test('the key of a GitHub App is RSA as GitHub makes it, and what is none is refused without being shown', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const type of ['pkcs1', 'pkcs8'] as const) {
    put('github-app-key', `${privateKey.export({ type, format: 'pem' })}\n`);
    expect((await readSecrets(folder)).githubAppKey?.equals(privateKey)).toBe(true);
  }
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const other = generateKeyPairSync('ed25519').privateKey;
  const pem = (key: typeof weak) => `${key.export({ type: 'pkcs8', format: 'pem' })}`;
  for (const text of [pem(weak), pem(other), long('a'), pem(privateKey).replace('BEGIN', 'BEGINS')]) {
    put('github-app-key', text);
    const reading = readSecrets(folder);
    await expect(reading).rejects.toThrow('github-app-key holds no RSA private key');
    await expect(reading).rejects.not.toThrow(text.split('\n')[1] ?? text);
  }
});

test('a file that other users may read is named', async () => {
  put('admin-token', long('a'), 0o644);
  put('launcher-token', long('b'));
  expect((await readSecrets(folder)).exposed).toEqual([join(folder, 'admin-token')]);
});

test('a short, a doubled or an unreadable secret is refused, and never shown', async () => {
  put('admin-token', 'hunter2');
  const reading = readSecrets(folder);
  await expect(reading).rejects.toThrow(SecretError);
  await expect(reading).rejects.not.toThrow('hunter2');
  put('admin-token', `${long('a')}\n${long('b')}`);
  await expect(readSecrets(folder)).rejects.toThrow('has 2 lines, expected at most 1');
  rmSync(join(folder, 'admin-token'));
  mkdirSync(join(folder, 'admin-token'));
  await expect(readSecrets(folder)).rejects.toThrow('cannot be read');
});
