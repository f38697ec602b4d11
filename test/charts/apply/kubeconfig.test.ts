import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { readKubeconfig } from './kubeconfig.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-kubeconfig-'));
  file = join(folder, 'config');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(user: object, cluster: object = {}): void {
  const config = {
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'lab', user: 'admin' } }],
    clusters: [{ name: 'lab', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [{ name: 'admin', user }],
  };
  writeFileSync(file, stringify(config));
}

test('certificates are read from the file, or from where it says, relative to itself', () => {
  writeFileSync(join(folder, 'client.key'), 'the key');
  write(
    {
      'client-certificate-data': Buffer.from('the certificate').toString('base64'),
      'client-key': 'client.key',
    },
    { 'certificate-authority-data': Buffer.from('the authority').toString('base64') },
  );
  const { server, ca, cert, key, token } = readKubeconfig(file);
  expect([server, String(ca), String(cert), String(key), token]).toEqual([
    'https://127.0.0.1:6443',
    'the authority',
    'the certificate',
    'the key',
    undefined,
  ]);
});

test('a token does without certificates', () => {
  write({ token: 'abc' });
  expect(readKubeconfig(file)).toMatchObject({ token: 'abc', cert: undefined });
});

test('who needs another program to sign in is told what is expected', () => {
  write({ exec: { command: 'aws' } });
  expect(() => readKubeconfig(file)).toThrow('admin has neither a token nor a client certificate');
});

test('a context that is not there is named', () => {
  write({ token: 'abc' });
  writeFileSync(file, 'current-context: gone\ncontexts: []\nclusters: []\nusers: []\n');
  expect(() => readKubeconfig(file)).toThrow('there is no "gone"');
});
