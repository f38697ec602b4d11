import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parsePinsOptions } from '../../../services/platform/options.ts';
import { DistError } from '../../../services/platform/pins/collect.ts';
import { PinsError, pinPlatform } from '../../../services/platform/pins/pin.ts';
import { openRegistry } from '../../support/registry.ts';

const type = 'application/vnd.oci.image.index.v1+json';
const signal = () => AbortSignal.timeout(30_000);
const chartDigest = 'c'.repeat(64);

let folder: string;
let registry: Awaited<ReturnType<typeof openRegistry>>;
let helm: Server;
let index: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-pins-'));
  registry = await openRegistry();
  index = `entries: {keda: [{version: 2.0.0}, {version: 2.20.2, digest: ${chartDigest}}]}`;
  helm = createServer((request, response) =>
    response.writeHead(request.url === '/charts/index.yaml' ? 200 : 404).end(index),
  );
  await new Promise<void>((resolve) => helm.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await registry.close();
  helm.closeAllConnections();
  await new Promise((resolve) => helm.close(resolve));
  rmSync(folder, { recursive: true });
});

/** What a tag of the registry means from now on. */
function tag(name: string, content: string): string {
  const bytes = Buffer.from(JSON.stringify({ content }));
  registry.manifests.set(name, { bytes, type });
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function render(images: readonly string[], more: readonly object[] = []): void {
  mkdirSync(join(folder, 'dist', 'clusters', 'home', 'a'), { recursive: true });
  const containers = images.map((image, at) => ({ name: `c${at}`, image }));
  const job = {
    kind: 'Deployment',
    spec: { template: { spec: { initContainers: containers, containers } } },
  };
  const text = [job, ...more].map((object) => JSON.stringify(object)).join('\n---\n');
  writeFileSync(join(folder, 'dist', 'clusters', 'home', 'a', 'a.yaml'), text);
}

const pinned = () => JSON.parse(readFileSync(join(folder, 'pins.json'), 'utf8')) as object;

test('every image and chart of dist/ gets the digest that its registry says; a tag that moved is said', async () => {
  const app = `${registry.host}/team/app:1.0.0`;
  const chart = `${registry.host}/charts/x:3.0.0`;
  const repository = `http://127.0.0.1:${(helm.address() as AddressInfo).port}/charts/`;
  const one = tag('team/app:1.0.0', 'one');
  const oci = tag('charts/x:3.0.0', 'chart');
  const foreign = `${registry.host}/team/other:1@sha256:${'f'.repeat(64)}`;
  render(
    [app, 'localhost/bellows/api:0.1.0', foreign],
    [
      { kind: 'OCIRepository', spec: { url: `oci://${registry.host}/charts/x`, ref: { tag: '3.0.0' } } },
      { kind: 'HelmRepository', metadata: { name: 'keda' }, spec: { url: repository } },
      {
        kind: 'HelmRelease',
        spec: { chart: { spec: { chart: 'keda', version: '2.20.2', sourceRef: { name: 'keda' } } } },
      },
    ],
  );
  const all = { [chart]: oci, [app]: one, [`${repository}keda:2.20.2`]: `sha256:${chartDigest}` };
  expect(await pinPlatform(folder, true, signal())).toMatchObject({ unknown: [], pinned: 3 });
  expect(pinned()).toEqual(all);
  expect(await pinPlatform(folder, false, signal())).toEqual({ changes: [], unknown: [], pinned: 3 });

  const other = tag('team/app:1.0.0', 'other');
  const moved = [`${app} was ${one} and is ${other}`];
  expect((await pinPlatform(folder, false, signal())).changes).toEqual(moved);
  expect(pinned()).toEqual(all);
  expect((await pinPlatform(folder, true, signal())).changes).toEqual(moved);
  expect(pinned()).toEqual({ ...all, [app]: other });
  // As the next synth renders it.
  render([`${app}@${other}`]);
  const { changes } = await pinPlatform(folder, true, signal());
  expect(changes).toEqual([`${chart} is used no more`, `${repository}keda:2.20.2 is used no more`].sort());
  expect(pinned()).toEqual({ [app]: other });
});

test('where no registry answers nothing is written, and what was pinned stays', async () => {
  const gone = await openRegistry();
  await gone.close();
  const away = `${gone.host}/team/app:1.0.0`;
  const unknown = `${registry.host}/team/no:1`;
  render([away, unknown]);
  const report = await pinPlatform(folder, true, signal());
  expect(report).toMatchObject({ changes: [], pinned: 0 });
  expect(report.unknown.length).toBe(2);
  expect(report.unknown).toContain(`${unknown}: ${registry.host} does not know team/no:1`);
  expect(report.unknown.join()).toContain(`${away}: ${gone.host} does not answer: `);
  expect(existsSync(join(folder, 'pins.json'))).toBe(false);

  const digest = `sha256:${'a'.repeat(64)}`;
  writeFileSync(join(folder, 'pins.json'), JSON.stringify({ [away]: digest }));
  const again = await pinPlatform(folder, true, signal());
  expect(again.unknown.join()).toContain(`it stays ${digest}`);
  expect(pinned()).toEqual({ [away]: digest });
});

test('a Helm repository without the chart, or that is none, is said; so are a missing dist/ and a broken pins.json', async () => {
  await expect(pinPlatform(folder, true, signal())).rejects.toThrow(DistError);
  const port = (helm.address() as AddressInfo).port;
  const release = (path: string) => [
    { kind: 'HelmRepository', metadata: { name: 'k' }, spec: { url: `http://127.0.0.1:${port}/${path}` } },
    {
      kind: 'HelmRelease',
      spec: { chart: { spec: { chart: 'other', version: '1', sourceRef: { name: 'k' } } } },
    },
  ];
  render([], release('charts'));
  expect((await pinPlatform(folder, true, signal())).unknown.join()).toContain('says no digest of other 1');
  index = 'nothing';
  expect((await pinPlatform(folder, true, signal())).unknown.join()).toContain(
    'is no index of a Helm repository',
  );
  render([], release('elsewhere'));
  expect((await pinPlatform(folder, true, signal())).unknown.join()).toContain('answers 404');
  writeFileSync(join(folder, 'pins.json'), '[');
  await expect(pinPlatform(folder, true, signal())).rejects.toThrow(PinsError);
});

test('--check is read, and nothing else is', () => {
  expect([parsePinsOptions([]), parsePinsOptions(['--check'])]).toEqual([{ check: false }, { check: true }]);
  expect(() => parsePinsOptions(['x'])).toThrow('too many arguments');
});
