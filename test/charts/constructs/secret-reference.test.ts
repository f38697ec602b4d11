import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { parse, stringify } from 'yaml';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { checkPlatform } from '../../../charts/review/check.ts';
import { withSealed } from '../../../charts/review/sealed.ts';
import { generatedKeys } from '../../../charts/secrets/program/generate.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';
import { root } from '../committed.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-sealed-'));
  mkdirSync(join(folder, 'sealed', 'home'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const recipient = `age1${'q'.repeat(58)}`;
const ours = `recipients: [${recipient}]`;

function build(secrets: string) {
  const text = `clusters: {home: {secrets: {${secrets}}, certificate: wildcard, pools: {m: {arch: amd64, max: 1}}}}`;
  const [built] = buildPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  if (built === undefined) throw new Error('no cluster');
  return withSealed(built, folder);
}

function errorsOf(secrets: string): string[] {
  return checkPlatform([build(secrets)])
    .filter(({ level }) => level === 'error')
    .map(({ rule, object, message }) => `${rule}: ${object} ${message}`);
}

/** A file as SOPS leaves it, but for what is inside of the encrypted values. */
function seal(name: string, keys: readonly string[], namespace = 'ci', more: object = {}): void {
  const value = 'ENC[AES256_GCM,data:Pw==,iv:aXY=,tag:dGFn,type:str]';
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace },
    data: Object.fromEntries(keys.map((key) => [key, value])),
    sops: { age: [{ recipient, enc: '-----BEGIN AGE ENCRYPTED FILE-----' }], mac: value, version: '3.10.2' },
    ...more,
  };
  writeFileSync(join(folder, 'sealed', 'home', `${name}.yaml`), stringify(object));
}

function sealAll(): void {
  seal('bellows', generatedKeys);
  seal('redis-keda', ['username', 'password'], 'ci-agents');
  seal('wildcard', ['tls.crt', 'tls.key']);
}

test('what a store holds is asked for key by key, and what the Job adds to it stays', () => {
  expect(errorsOf('from: external, store: vault')).toEqual([]);
  const secrets = build('from: external, store: vault, folder: ci/home').objects.flatMap(
    ({ object, unit }) =>
      (object as { kind: string }).kind === 'ExternalSecret' ? [{ unit, ...(object as External) }] : [],
  );
  expect(
    secrets.map(({ unit, metadata, spec }) => [unit, metadata.name, spec.target.creationPolicy]).sort(),
  ).toEqual([
    ['external-secrets', 'bellows', 'CreateOrMerge'],
    ['external-secrets', 'redis-keda', 'CreateOrMerge'],
    ['forge', 'wildcard', 'Owner'],
    ['services', 'bellows-forges', 'Owner'],
  ]);
  expect(secrets.find(({ metadata }) => metadata.name === 'redis-keda')?.spec).toMatchObject({
    secretStoreRef: { kind: 'ClusterSecretStore', name: 'vault' },
    data: [
      { secretKey: 'username', remoteRef: { key: 'ci/home/redis-keda', property: 'username' } },
      { secretKey: 'password', remoteRef: { key: 'ci/home/redis-keda', property: 'password' } },
    ],
  });
});

interface External {
  metadata: { name: string };
  spec: { target: { creationPolicy: string } };
}

test('sealed files are what is named, and one that is missing, or a key of it, is found', () => {
  sealAll();
  // The forges' tokens are optional.
  expect(errorsOf(`from: sealed, ${ours}`)).toEqual([]);
  seal('bellows', generatedKeys.slice(1));
  rmSync(join(folder, 'sealed', 'home', 'wildcard.yaml'));
  expect(errorsOf(`from: sealed, ${ours}`).sort()).toEqual([
    'reference: Deployment ci/api wants admin-token of Secret ci/bellows, which has no such key',
    'reference: Ingress ci/api names Secret ci/wildcard, which nobody makes',
    'reference: Ingress ci/gitea names Secret ci/wildcard, which nobody makes',
  ]);
});

test('a single Secret may come from elsewhere, and a name that is none is refused', () => {
  seal('wildcard', ['tls.crt', 'tls.key']);
  expect(errorsOf(`${ours}, each: {wildcard: sealed}`)).toEqual([]);
  expect(errorsOf(`from: sealed, ${ours}, each: {bellows: cluster, redis-keda: cluster}`)).toEqual([]);
  expect(() => build(`${ours}, each: {wildcart: sealed}`)).toThrow(
    'clusters.home.secrets.each.wildcart: there is no such Secret; expected one of bellows, bellows-forges, redis-keda, wildcard',
  );
});

test('a plain Secret beside sealed ones is found, and so is one that somebody else could open', () => {
  sealAll();
  seal('wildcard', ['tls.crt', 'tls.key'], 'ci', { data: { 'tls.crt': 'cGxhaW4=', 'tls.key': '' } });
  seal('redis-keda', ['username', 'password'], 'ci-agents', { sops: { age: [{ recipient: 'age1other' }] } });
  expect(errorsOf(`from: sealed, ${ours}`)).toEqual([
    `sealed-for: Secret ci-agents/redis-keda is encrypted not for ${recipient}, for age1other`,
    'no-secret: Secret ci/wildcard holds tls.crt for everybody to read',
  ]);
});

test.each(['{', '- a', 'kind: ENC[x]\nmetadata: {name: x}', 'a: &a 1\nb: *a'])(
  'a sealed file that is no manifest is refused: %j',
  (text) => {
    writeFileSync(join(folder, 'sealed', 'home', 'x.yaml'), text);
    expect(() => build('')).toThrow('sealed/home/x.yaml: expected a manifest');
  },
);

test.each([
  ['from: sealed', 'expected "recipients"'],
  ['each: {bellows: external}', 'expected "store"'],
  ['recipients: [age1x]', 'expected an age recipient'],
])('%s is refused', (secrets, says) => expect(() => build(secrets)).toThrow(says));

test('a file that SOPS sealed as the guide says is taken, says nothing, and is opened by the cluster alone', async () => {
  const guide = readFileSync(join(root, 'docs/guides/cluster-secrets.md'), 'utf8');
  const rules = /```yaml\n(creation_rules:[^`]*)```/.exec(guide)?.[1] ?? '';
  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  writeFileSync(join(folder, '.sops.yaml'), rules.replaceAll('age1…,age1…', recipient));
  const file = join(folder, 'sealed', 'home', 'bellows-forges.yaml');
  const plain = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'bellows-forges', namespace: 'ci' },
    data: { 'forge-github': Buffer.from('a-token').toString('base64') },
  };
  writeFileSync(file, stringify(plain));
  const sops = (args: string[], key?: string) =>
    spawnSync('sops', args, {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder, ...(key === undefined ? {} : { SOPS_AGE_KEY: key }) },
    });
  const sealed = sops(['--encrypt', '--in-place', 'sealed/home/bellows-forges.yaml']);
  if (sealed.error !== undefined && 'code' in sealed.error && sealed.error.code === 'ENOENT') {
    process.stderr.write('skipped: sops is not installed; its files were only told to be as they are\n');
    return;
  }
  expect(sealed).toMatchObject({ status: 0 });
  expect(readFileSync(file, 'utf8')).not.toContain(plain.data['forge-github']);
  expect(errorsOf(`recipients: [${recipient}], each: {bellows-forges: sealed, wildcard: cluster}`)).toEqual(
    [],
  );
  const open = ['--decrypt', 'sealed/home/bellows-forges.yaml'];
  expect(parse(sops(open, identity).stdout)).toEqual(plain);
  expect(sops(open, await generateIdentity()).status).not.toBe(0);
});
