import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFence } from '../../../services/agent/fence.ts';
import { createOwnSteps } from '../../../services/agent/own-steps.ts';
import { findTool, type Isolation } from '../../../services/core/execute/index.ts';
import type { Claim } from '../../../services/core/job/index.ts';
import { type ImageSettings, stepDefaults } from '../../../services/core/pipeline/index.ts';
import { toSpec } from '../../support/job.ts';
import { openRegistry } from '../../support/registry.ts';
import { createOutput, openWorkspace } from '../../support/workspace.ts';

const path = process.env.PATH ?? '';
const buildah = findTool(path, 'buildah');
const isRoot = process.getuid?.() === 0;
const real = buildah !== undefined && isRoot ? test : test.skip;
if (buildah === undefined || !isRoot)
  process.stderr.write(
    'Not tried: no image is built for real, which takes buildah and root to give it ids.\n',
  );

const password = 'registry-password-of-the-test';
const login = { kind: 'token', username: 'ada', password } as const;
const fence = createFence(60_000, () => undefined);

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
let registry: Awaited<ReturnType<typeof openRegistry>>;
beforeEach(async () => {
  workspace = await openWorkspace();
  registry = await openRegistry({ login });
});
afterEach(async () => {
  await registry.close();
  await workspace.close();
});

const write = (files: Record<string, string | Buffer>) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(workspace.tree, name)), { recursive: true });
    writeFileSync(join(workspace.tree, name), text);
  }
};

interface Given extends Partial<ImageSettings> {
  uid?: number;
  path?: string;
  fork?: boolean;
  secrets?: Record<string, string>;
  signal?: AbortSignal;
}

const run = async ({
  uid,
  path: own = path,
  fork = false,
  secrets = { username: 'ada', password },
  signal = new AbortController().signal,
  ...given
}: Given = {}) => {
  const isolation: Isolation =
    uid === undefined ? { kind: 'none', reason: 'test' } : { kind: 'uid', uid, reason: 'test' };
  const spec = toSpec({
    event: 'pull_request',
    ref: 'refs/pull/1/head',
    pullRequest: { number: 1, head: 'x', fork },
  });
  const claim = {
    spec,
    clone: { url: 'http://127.0.0.1:1/a/b.git' },
    job: 'f'.repeat(20),
    attempt: 1,
    page: 'http://127.0.0.1:7440/jobs/f',
  } as Claim;
  const never = () => Promise.reject(new Error('not asked'));
  const setting = {
    ...{ claim, uid, path: own, graceMs: 500, measured: {}, fence },
    artifacts: { open: never, put: never, close: never },
  };
  const settings: ImageSettings = {
    ...{ repo: `${registry.host}/team/app`, tags: ['1', 'latest'], dockerfile: 'Dockerfile', context: '.' },
    ...{ platforms: [], buildArgs: {}, cache: false, push: true },
    ...given,
  };
  const position = { line: 1, column: 1 };
  const step = {
    ...stepDefaults,
    ...{ name: 'image', commands: [], kind: 'image' as const, settings },
    secrets: Object.keys(secrets).map((variable) => ({ variable, secret: variable, position })),
  };
  const output = createOutput();
  const steps = createOwnSteps(setting, workspace, Promise.resolve(isolation));
  const { write } = output;
  const end = await steps.image?.({ step, variables: {}, secrets: Object.values(secrets), write, signal });
  return { exitCode: end?.exitCode, text: output.text };
};

/** A buildah that only notes how it was called, and does what `script` says. */
const standIn = (script: string) => {
  const folder = join(workspace.home, 'bin');
  mkdirSync(folder);
  const notes = join(workspace.home, 'notes');
  const text = `#!/bin/sh\nprintf '%s\\n' "$*" >> ${notes}\nenv >> ${notes}\n${script}\n`;
  writeFileSync(join(folder, 'buildah'), text);
  chmodSync(join(folder, 'buildah'), 0o755);
  return {
    path: `${folder}:/usr/bin:/bin`,
    notes: () => (existsSync(notes) ? readFileSync(notes, 'utf8') : ''),
  };
};
const toDigest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const left = () => readdirSync(workspace.folder).sort();

test('a fork’s pull request builds, and sends nothing', async () => {
  write({ Dockerfile: 'FROM scratch\n' });
  const { path, notes } = standIn('exit 0');
  expect(await run({ path, fork: true, cache: true })).toEqual({
    exitCode: 0,
    text: 'What a stranger wrote is built, and pushed nowhere.\nBuilt, and not pushed.\n',
  });
  expect(notes()).not.toMatch(/ push |--cache-to|--authfile/);
  expect(registry.asked).toEqual([]);
});

describe('with what is called buildah', () => {
  test('no password stands in its words or its environment, and nothing of the build is left', async () => {
    write({ Dockerfile: 'FROM scratch\n' });
    const { path, notes } = standIn(
      'find "$HOME/.." -name auth.json -exec ls -l {} + >> "$HOME/../../home/notes"; exit 3',
    );
    const { exitCode, text } = await run({ path });
    expect([exitCode, text]).toEqual([1, 'the build ended with exit code 3.\n']);
    expect(notes()).toContain('--isolation chroot');
    expect(notes()).not.toContain(password);
    expect(notes()).not.toContain(Buffer.from(`ada:${password}`).toString('base64'));
    expect(notes()).toMatch(/^-rw------- .*auth\.json$/m);
    expect(left()).toEqual(['home', 'scripts', 'tree']);
  });

  test('it is told who we are only where the file names the registry', async () => {
    const { path, notes } = standIn('exit 3');
    write({ Dockerfile: 'FROM scratch\n' });
    await run({ path });
    expect(notes()).not.toContain('--authfile');
    write({ Dockerfile: `FROM ${registry.host}/team/base\n` });
    await run({ path });
    expect(notes()).toContain('--authfile');
  });

  test('a push that tells no digest, or one that the registry does not have, is a failure', async () => {
    write({ Dockerfile: 'FROM scratch\n' });
    const { path } = standIn(
      'case "$*" in *" push "*) [ -e "$HOME/../../tree/lie" ] && echo sha256:'.concat(
        '0'.repeat(64),
        ' > "$HOME/digest" ;; esac; exit 0',
      ),
    );
    expect((await run({ path })).text).toContain('the push has told no digest');
    write({ lie: '' });
    expect((await run({ path })).text).toContain(`does not have sha256:${'0'.repeat(64)}`);
  });

  test('a step that is ended ends it', async () => {
    write({ Dockerfile: 'FROM scratch\n' });
    const { path, notes } = standIn('sleep 60');
    const abort = new AbortController();
    const running = run({ path, signal: abort.signal });
    while (!notes().includes('chroot')) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    expect((await running).exitCode).not.toBe(0);
    expect(left()).toEqual(['home', 'scripts', 'tree']);
  });
});

test.each([
  ['a name without a registry', { repo: 'team/app' }, 'names no image'],
  ['a tag that is an option', { tags: ['--all'] }, 'is no tag'],
  ['a platform that is none', { platforms: ['linux/amd64,--privileged'] }, 'is no platform'],
  ['a file that is not there', { dockerfile: 'None' }, 'there is no file "None" in the workspace'],
  ['a folder outside', { context: '..' }, 'there is no folder ".." in the workspace'],
  ['a user without a password', { secrets: { username: 'ada' } }, 'a registry takes both'],
  ['a machine without buildah', { path: '/nowhere' }, 'apt-get install buildah'],
] as const)('%s is said in words', async (_, given, reason) => {
  write({ Dockerfile: 'FROM scratch\n' });
  const { path } = standIn('exit 9');
  expect(await run({ path, ...given } as Given)).toEqual({
    exitCode: 1,
    text: expect.stringContaining(reason),
  });
});

describe('for real', () => {
  const busybox = findTool('/bin:/usr/bin', 'busybox');
  const files = {
    Dockerfile: 'FROM scratch\nARG VERSION\nLABEL version=$VERSION\nCOPY app /app\n',
    app: Buffer.from('an app'),
  };

  real('an image is built as nobody, sent by digest, tagged, and has its provenance beside it', async () => {
    write(files);
    execFileSync('chown', ['-R', '54321', workspace.tree, workspace.home]);
    chmodSync(workspace.folder, 0o711);
    const { exitCode, text } = await run({ uid: 54321, buildArgs: { VERSION: '1.2' } });
    expect([exitCode, text]).toEqual([
      0,
      expect.stringContaining(`Pushed: ${registry.host}/team/app:latest@sha256:`),
    ]);
    const digest = /team\/app:1@(sha256:[0-9a-f]{64})/.exec(text)?.[1] ?? '';
    const manifest = JSON.parse(registry.manifests.get('team/app:latest')?.bytes.toString() ?? '{}');
    const config = JSON.parse(registry.blobs.get(manifest.config.digest)?.toString() ?? '{}');
    expect(config.config.Labels).toMatchObject({ version: '1.2' });
    const attached = [...registry.manifests.values()].map(({ bytes }) => JSON.parse(bytes.toString()));
    const referrer = attached.find(({ subject }) => subject?.digest === digest);
    const statement = JSON.parse(registry.blobs.get(referrer.layers[0].digest)?.toString() ?? '{}');
    expect(statement.subject).toEqual([
      { name: `${registry.host}/team/app`, digest: { sha256: digest.slice(7) } },
    ]);
    if (findTool(path, 'syft') === undefined)
      expect(text).toContain('No SBOM: there is no syft on this agent.');
    expect(text).not.toContain(password);
    expect(left()).toEqual(['home', 'scripts', 'tree']);
  });

  const withShell = busybox !== undefined ? real : test.skip;
  withShell('what a file runs is root of its own ids only, and sees no folder of this machine', async () => {
    const lines = [
      'FROM scratch',
      'COPY busybox /bin/busybox',
      'RUN ["/bin/busybox", "--install", "-s", "/bin"]',
    ];
    const probe = 'RUN cat /proc/self/uid_map; touch /file && chown 1000:1000 /file; ls /work /root 2>&1; id';
    write({ Dockerfile: [...lines, probe, ''].join('\n'), busybox: readFileSync(busybox ?? '') });
    chmodSync(join(workspace.tree, 'busybox'), 0o755);
    execFileSync('chown', ['-R', '54321', workspace.tree, workspace.home]);
    chmodSync(workspace.folder, 0o711);
    const { exitCode, text } = await run({ uid: 54321, push: false });
    expect([exitCode, text]).toEqual([0, expect.stringMatching(/^ +0 +54321 +1\n +1 +\d+ +65535$/m)]);
    expect(text).toContain('ls: /work: No such file');
    expect(text).toContain('uid=0');
  });

  // Read as any client reads a registry; another than the tests' own where one is named (host:port, without a login).
  const other = process.env.BELLOWS_TEST_REGISTRY;
  const syft = findTool(path, 'syft');
  const withSyft = syft === undefined ? test.skip : real;
  if (syft === undefined) process.stderr.write('Not tried: what an image is made of, which takes syft.\n');
  withSyft.each([[[]], [['linux/amd64', 'linux/arm64']]])(
    'what it is made of stands beside it: %j',
    async (platforms) => {
      const file = 'node_modules/ms/package.json';
      write({ Dockerfile: 'FROM scratch\nCOPY . /app/\n', [file]: '{"name":"ms","version":"2.1.3"}' });
      execFileSync('chown', ['-R', '54321', workspace.tree, workspace.home]);
      chmodSync(workspace.folder, 0o711);
      const host = other ?? registry.host;
      const { exitCode, text } = await run({
        uid: 54321,
        repo: `${host}/team/app`,
        tags: ['sbom'],
        platforms,
        ...(other === undefined ? {} : { secrets: {} }),
      });
      expect([exitCode, text]).toEqual([0, expect.stringContaining('Attached: SBOM sha256:')]);
      const digest = /app:sbom@(sha256:[0-9a-f]{64})/.exec(text)?.[1] ?? '';
      const { manifests = [] } = JSON.parse(await readReferred(host, digest));
      const images =
        platforms.length === 0 ? [digest] : manifests.map((each: { digest: string }) => each.digest);
      expect(images).toHaveLength(Math.max(1, platforms.length));
      for (const image of images) {
        const sbom = JSON.parse(await readReferrer(host, image, 'application/spdx+json'));
        expect([sbom.spdxVersion, sbom.name]).toEqual([expect.stringMatching(/^SPDX-2/), `${host}/team/app`]);
        expect(JSON.stringify(sbom)).not.toContain(workspace.folder);
        expect(sbom.packages).toContainEqual(expect.objectContaining({ name: 'ms', versionInfo: '2.1.3' }));
      }
      expect(left()).toEqual(['home', 'scripts', 'tree']);
    },
  );

  const ask = (host: string, url: string) => {
    const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
    const login = other === undefined ? { authorization: registry.authorization ?? '' } : {};
    return fetch(`http://${host}/v2/team/app/${url}`, { headers: { accept, ...login } });
  };
  const readReferred = async (host: string, digest: string, kind = 'manifests') => {
    const text = await (await ask(host, `${kind}/${digest}`)).text();
    expect(toDigest(text)).toBe(digest);
    return text;
  };

  /** OCI distribution-spec 1.1: what refers to a digest, or the tag that stands in for the list; and of that the layer. */
  const readReferrer = async (host: string, digest: string, artifactType: string): Promise<string> => {
    const listed = await ask(host, `referrers/${digest}`);
    const index = listed.ok ? listed : await ask(host, `manifests/${digest.replace(':', '-')}`);
    const { manifests } = (await index.json()) as { manifests: { digest: string }[] };
    const all = await Promise.all(
      manifests.map(async (each) => JSON.parse(await readReferred(host, each.digest))),
    );
    const [found, ...rest] = all.filter((each) => each.artifactType === artifactType);
    expect([found.subject.digest, rest]).toEqual([digest, []]);
    return readReferred(host, found.layers[0].digest, 'blobs');
  };

  real('several platforms are one index', async () => {
    write(files);
    const { exitCode, text } = await run({ platforms: ['linux/amd64', 'linux/arm64'], tags: ['2'] });
    expect([exitCode, text]).toEqual([0, expect.stringContaining('team/app:2@sha256:')]);
    const index = JSON.parse(registry.manifests.get('team/app:2')?.bytes.toString() ?? '{}');
    expect(
      index.manifests
        .map(({ platform }: { platform: { architecture: string } }) => platform.architecture)
        .sort(),
    ).toEqual(['amd64', 'arm64']);
  });

  real('layers of the build before are found in the registry', async () => {
    write(files);
    await run({ cache: true });
    const { exitCode, text } = await run({ cache: true });
    expect([exitCode, text]).toEqual([0, expect.stringMatching(/cache/i)]);
    expect([...registry.manifests.keys()].some((key) => key.startsWith('team/app-cache:'))).toBe(true);
  });

  real('a login that the registry does not know is a failure', async () => {
    write(files);
    const { exitCode, text } = await run({ secrets: { username: 'ada', password: 'another' } });
    expect([exitCode, text]).toEqual([1, expect.stringContaining('the push ended with exit code')]);
  });
});
