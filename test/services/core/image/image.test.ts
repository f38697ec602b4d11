import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { attach } from '../../../../services/core/image/attach.ts';
import { type Build, toBuildCommand, toPushCommand } from '../../../../services/core/image/command.ts';
import { checkTags, isLoopback, parseImageName } from '../../../../services/core/image/name.ts';
import { toProvenance } from '../../../../services/core/image/provenance.ts';
import { type Credentials, createRegistry } from '../../../../services/core/image/registry.ts';
import { openRegistry, type RegistryOptions } from '../../../support/registry.ts';

const { signal } = new AbortController();

describe('names', () => {
  test.each(['registry.example/team/app', 'localhost:5000/a', 'localhost/a', '127.0.0.1:5000/a/b_c/d-e'])(
    '%s is one',
    (name) => {
      const { registry, name: rest } = parseImageName(name);
      expect(`${registry}/${rest}`).toBe(name);
    },
  );
  test.each([
    'app',
    'team/app',
    'registry.example/Team',
    'registry.example/',
    'registry.example/a:tag',
    '-x.example/a',
    'registry.example/a/../b',
    'registry.example/--help',
    'user@host.example/a',
    'a.example/b c',
    '',
  ])('%j is none', (name) => {
    expect(() => parseImageName(name)).toThrow('names no image');
  });
  test('tags', () => {
    checkTags(['1.2.3', 'latest', '_x']);
    for (const tag of ['-x', 'a/b', 'a b', '', '--all', 'x'.repeat(129)])
      expect(() => checkTags([tag])).toThrow('is no tag');
  });
  test('only this machine is spoken to in the clear', () => {
    expect(['127.0.0.1:5000', 'localhost', 'localhost:1'].map(isLoopback)).toEqual([true, true, true]);
    expect(['127.0.0.1.example:80', 'registry.example', '10.0.0.1:5000'].map(isLoopback)).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('commands', () => {
  const folder = {
    work: '/w',
    root: '/w/root',
    runroot: '/w/runroot',
    digest: '/w/digest',
    layout: '/w/layout',
    sbom: '/w/sbom',
    authfile: '/w/auth.json',
  };
  const build: Build = {
    image: { registry: 'registry.example', name: 'team/app' },
    tags: ['1', 'latest'],
    dockerfile: '/tree/Dockerfile',
    context: '/tree',
    platforms: [],
    buildArgs: { VERSION: '--privileged' },
    cache: 'write',
  };
  test('what an author writes is a value, never an option', () => {
    const words = toBuildCommand({ ...build, target: '--target' }, folder, undefined);
    expect(words).toContain('VERSION=--privileged');
    expect(words.filter((word) => word === '--authfile')).toEqual([]);
    expect(words.slice(words.indexOf('--target'), words.indexOf('--target') + 2)).toEqual([
      '--target',
      '--target',
    ]);
    expect(words.at(-1)).toBe('/tree');
    expect(words).toEqual(
      expect.arrayContaining(['--isolation', 'chroot', '--cache-to', 'registry.example/team/app-cache']),
    );
  });
  test('several platforms are one list', () => {
    const many = { ...build, platforms: ['linux/amd64', 'linux/arm64'], cache: 'off' as const };
    expect(toBuildCommand(many, folder, '/w/auth.json').join(' ')).toContain(
      '--manifest localhost/build --platform linux/amd64,linux/arm64',
    );
    expect(toBuildCommand(many, folder, undefined)).not.toContain('--layers');
    expect(toPushCommand(many, folder).join(' ')).toContain(
      'manifest push --all --format oci --digestfile /w/digest --authfile /w/auth.json localhost/build docker://registry.example/team/app:1',
    );
  });
});

test('provenance is a SLSA statement about the digest', () => {
  const statement = toProvenance({
    image: { repository: 'registry.example/a', digest: `sha256:${'1'.repeat(64)}` },
    source: { url: 'https://forge.example/a/b.git', ref: 'refs/heads/main', sha: 'c'.repeat(40) },
    parameters: { dockerfile: 'Dockerfile' },
    job: { id: 'f'.repeat(20), attempt: 2, page: 'https://ci.example/jobs/f' },
    startedAt: new Date(0),
    finishedAt: new Date(1000),
  });
  expect(statement).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'registry.example/a', digest: { sha256: '1'.repeat(64) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        externalParameters: {
          source: 'git+https://forge.example/a/b.git@refs/heads/main',
          dockerfile: 'Dockerfile',
        },
        resolvedDependencies: [{ digest: { gitCommit: 'c'.repeat(40) } }],
      },
      runDetails: {
        builder: { id: 'https://ci.example/' },
        metadata: { startedOn: '1970-01-01T00:00:00.000Z' },
      },
    },
  });
});

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});
const open = async (options: RegistryOptions = {}, credentials?: Credentials) => {
  const registry = await openRegistry(options);
  opened.push(registry.close);
  return {
    ...registry,
    client: createRegistry({ registry: registry.host, name: 'team/app' }, credentials, signal),
  };
};
const ada = { username: 'ada', password: 'secret' };
const image = {
  bytes: Buffer.from('{"schemaVersion":2}'),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
};
const note = { mediaType: 'text/spdx', title: 'a note', bytes: Buffer.from('note') };

test.each(['basic', 'token'] as const)('a registry asks who we are (%s), once', async (kind) => {
  const { client, asked } = await open({ login: { kind, ...ada } }, ada);
  await client.writeManifest('1', image);
  expect((await client.readManifest('1'))?.bytes.toString()).toBe('{"schemaVersion":2}');
  expect(asked.filter((line) => line.endsWith('/manifests/1'))).toEqual([
    'PUT /v2/team/app/manifests/1',
    'PUT /v2/team/app/manifests/1',
    'GET /v2/team/app/manifests/1',
  ]);
});

test.each(['basic', 'token'] as const)(
  'a registry that does not know us (%s) is told as such',
  async (kind) => {
    const login = { kind, ...ada };
    const refused = (await open({ login }, { username: 'eve', password: 'guess' })).client.writeManifest(
      '1',
      image,
    );
    await expect(refused).rejects.toThrow('refuses a manifest: 401, UNAUTHORIZED');
    await expect((await open({ login })).client.writeManifest('1', image)).rejects.toThrow('401');
  },
);

test('a registry has what was attached listed under the image, and a blob sent once', async () => {
  const { client, host, asked } = await open();
  await client.writeManifest('1', image);
  const found = await client.readManifest('1');
  if (found === undefined) throw new Error('not there');
  const first = await attach(client, found, note);
  await attach(client, found, { ...note, title: 'another' });
  const response = await fetch(`http://${host}/v2/team/app/referrers/${found.digest}`);
  const { manifests } = (await response.json()) as {
    manifests: { digest: string; artifactType: string }[];
  };
  expect(manifests).toHaveLength(2);
  expect(manifests[0]).toMatchObject({ digest: first, artifactType: 'text/spdx' });
  // The note and the empty configuration, each in two requests.
  expect(asked.filter((line) => line.startsWith('POST') || line.includes('/uploads/'))).toHaveLength(4);
});

test('a registry without a list of referrers has them under the tag that stands in for it', async () => {
  const { client } = await open({ referrers: false });
  await client.writeManifest('1', image);
  const found = await client.readManifest('1');
  if (found === undefined) throw new Error('not there');
  const digests = [
    await attach(client, found, note),
    await attach(client, found, { ...note, title: 'another' }),
  ];
  await attach(client, found, note);
  const index = await client.readManifest(found.digest.replace(':', '-'));
  const { manifests } = JSON.parse(index?.bytes.toString() ?? '{}') as { manifests: { digest: string }[] };
  expect(manifests.map(({ digest }) => digest).sort()).toEqual(digests.sort());
});

/** A registry that answers everything in one hostile way. */
const openHostile = async (status: number, headers: Record<string, string>, body = '') => {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(() => server.close().closeAllConnections());
  const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: createRegistry({ registry, name: 'a' }, ada, signal), asked };
};

test('a registry does not get our password sent in the clear to somebody else', async () => {
  const { client, asked } = await openHostile(401, {
    'www-authenticate': 'Bearer realm="http://10.0.0.1/token"',
  });
  await expect(client.readManifest('1')).rejects.toThrow('in the clear');
  expect(asked).toEqual([undefined]);
});

test('a registry does not lead us elsewhere', async () => {
  const redirect = await openHostile(307, { location: 'http://127.0.0.1:1/' });
  await expect(redirect.client.readManifest('1')).rejects.toThrow('does not answer');
  const location = await openHostile(202, { location: 'http://127.0.0.1:1/upload' });
  // It has the blob, it says: 202 is no 404.
  await location.client.writeBlob(Buffer.from('x'));
  const elsewhere = await openHostile(404, {});
  await expect(elsewhere.client.writeBlob(Buffer.from('x'))).rejects.toThrow('refuses a blob: 404');
});

test('a registry that answers with another manifest, or without an end, is refused', async () => {
  const other = await openHostile(200, { 'content-type': image.mediaType }, '{"other":1}');
  await expect(other.client.readManifest(`sha256:${'0'.repeat(64)}`)).rejects.toThrow('answers sha256:');
  const huge = await openHostile(200, {}, 'x'.repeat(5 * 1024 * 1024));
  await expect(huge.client.readManifest('1')).rejects.toThrow('larger than');
  const mute = await openHostile(401, { 'www-authenticate': 'Negotiate' });
  await expect(mute.client.readManifest('1')).rejects.toThrow('401');
});
