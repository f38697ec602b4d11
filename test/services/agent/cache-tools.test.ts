import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createJobCaches } from '../../../services/api/job-caches.ts';
import type { JobResult } from '../../../services/core/job/index.ts';
import { createLog } from '../../../services/core/log/index.ts';
import { openFolderStore } from '../../../services/core/store/index.ts';
import { type AgentBench, openAgentBench } from '../../support/agent.ts';
import { openPackages, type Packages } from '../../support/packages.ts';

interface Tool {
  name: string;
  /** Of the cache that it needs. */
  cache: string;
  asks: readonly string[];
  files(packages: Packages): Record<string, string>;
  commands(packages: Packages): string[];
}

const manifest = (more: object = {}) =>
  JSON.stringify({ name: 'app', version: '1.0.0', private: true, dependencies: { word: '1.0.0' }, ...more });
const npmrc = ({ origin }: Packages) => `registry=${origin}/npm/\naudit=false\nfund=false\n`;
const uses = `node -e 'if (require("word") !== "word") process.exit(1)'`;

const tools: readonly Tool[] = [
  {
    name: 'npm',
    cache: 'npm',
    asks: ['npm', '--version'],
    files: (packages) => ({
      'package.json': manifest(),
      '.npmrc': npmrc(packages),
      'package-lock.json': JSON.stringify({
        name: 'app',
        version: '1.0.0',
        lockfileVersion: 3,
        requires: true,
        packages: {
          '': { name: 'app', version: '1.0.0', dependencies: { word: '1.0.0' } },
          'node_modules/word': {
            version: '1.0.0',
            resolved: packages.tarballUrl,
            integrity: packages.integrity,
          },
        },
      }),
    }),
    commands: () => ['npm ci', uses],
  },
  {
    name: 'go',
    cache: 'go',
    asks: ['go', 'version'],
    files: () => ({
      'go.mod': 'module example.org/app\n\ngo 1.20\n\nrequire example.org/word v1.0.0\n',
      'app.go':
        'package app\n\nimport "example.org/word"\n\nfunc Twice() string { return word.Word() + word.Word() }\n',
    }),
    commands: ({ origin }) => [
      `export GOPROXY=${origin}/go GOSUMDB=off GOFLAGS="-mod=mod -buildvcs=false" GOTOOLCHAIN=local`,
      'echo "compiled: $(go build -v ./... 2>&1 | grep -c ^example.org)"',
    ],
  },
  {
    name: 'pip',
    cache: 'pip',
    asks: ['python3', '-c', 'import pip, shutil, sys; sys.exit(shutil.which("openssl") is None)'],
    files: ({ secure }) => ({ 'requirements.txt': 'word==1.0.0\n', 'ca.pem': secure?.certificate ?? '' }),
    // It keeps nothing that it has not fetched over TLS.
    commands: ({ secure }) => [
      `python3 -m pip install --disable-pip-version-check --cert ca.pem --index-url ${secure?.origin}/pypi/ --target out -r requirements.txt`,
      'test -f out/word.py',
    ],
  },
  {
    name: 'pnpm',
    cache: 'pnpm',
    asks: ['pnpm', '--version'],
    files: (packages) => ({
      'package.json': manifest(),
      '.npmrc': npmrc(packages),
      'pnpm-lock.yaml': JSON.stringify({
        lockfileVersion: '9.0',
        settings: { autoInstallPeers: true, excludeLinksFromLockfile: false },
        importers: { '.': { dependencies: { word: { specifier: '1.0.0', version: '1.0.0' } } } },
        packages: { 'word@1.0.0': { resolution: { integrity: packages.integrity } } },
        snapshots: { 'word@1.0.0': {} },
      }),
    }),
    commands: () => ['pnpm install --frozen-lockfile', uses],
  },
  {
    name: 'yarn 1',
    cache: 'yarn',
    asks: ['yarn', '--version'],
    files: (packages) => ({
      'package.json': manifest(),
      '.yarnrc': `registry "${packages.origin}/npm/"\n`,
      'yarn.lock': `# yarn lockfile v1\n\n\nword@1.0.0:\n  version "1.0.0"\n  resolved "${packages.tarballUrl}"\n  integrity ${packages.integrity}\n`,
    }),
    commands: () => ['yarn install --frozen-lockfile', uses],
  },
  {
    name: 'uv',
    cache: 'uv',
    asks: ['uv', '--version'],
    files: ({ origin, wheelUrl, sha256 }) => ({
      'pyproject.toml': `[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.9"\ndependencies = ["word==1.0.0"]\n[[tool.uv.index]]\nname = "own"\nurl = "${origin}/pypi/"\ndefault = true\n`,
      'uv.lock': `version = 1\nrevision = 3\nrequires-python = ">=3.9"\n\n[[package]]\nname = "app"\nversion = "0.1.0"\nsource = { virtual = "." }\ndependencies = [{ name = "word" }]\n\n[package.metadata]\nrequires-dist = [{ name = "word", specifier = "==1.0.0" }]\n\n[[package]]\nname = "word"\nversion = "1.0.0"\nsource = { registry = "${origin}/pypi/" }\nwheels = [{ url = "${wheelUrl}", hash = "sha256:${sha256.wheel}" }]\n`,
    }),
    commands: () => ['uv sync --frozen', '.venv/bin/python -c "import word"'],
  },
  {
    name: 'poetry',
    cache: 'poetry',
    asks: ['poetry', '--version'],
    files: ({ origin, sha256 }) => ({
      'pyproject.toml': `[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.9"\ndependencies = ["word==1.0.0"]\n[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "own"\nurl = "${origin}/pypi/"\n`,
      'poetry.lock': `[[package]]\nname = "word"\nversion = "1.0.0"\ndescription = ""\noptional = false\npython-versions = "*"\ngroups = ["main"]\nfiles = [{ file = "word-1.0.0-py3-none-any.whl", hash = "sha256:${sha256.wheel}" }]\n\n[package.source]\ntype = "legacy"\nurl = "${origin}/pypi"\nreference = "own"\n\n[metadata]\nlock-version = "2.1"\npython-versions = ">=3.9"\ncontent-hash = "${toContentHash(origin)}"\n`,
    }),
    commands: () => ['poetry install --no-interaction', 'poetry run python -c "import word"'],
  },
];

/** By which Poetry knows that a lock file is of a project: of what matters in it, as Python's `json` writes that. */
function toContentHash(origin: string): string {
  const text = `{"project": {"dependencies": ["word==1.0.0"], "requires-python": ">=3.9"}, "tool": {"poetry": {"source": [{"name": "own", "url": "${origin}/pypi/"}]}}}`;
  return createHash('sha256').update(text).digest('hex');
}

const found = tools.filter(({ name, asks: [command = '', ...args] }) => {
  const { status } = spawnSync(command, args);
  if (status !== 0) process.stderr.write(`skipped: the cache of ${name} (it is not on the path)\n`);
  return status === 0;
});

let root: string;
let packages: Packages;
let bench: AgentBench;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bellows-test-cache-tools-'));
  packages = await openPackages(root);
  const store = await openFolderStore(join(root, 'store'));
  bench = await openAgentBench({
    caches: createJobCaches({ store, quotaGib: 1, log: createLog('test', 'silent') }),
  });
});
afterAll(async () => {
  await bench.close();
  await packages.close();
  await rm(root, { recursive: true, force: true });
});

/** A job with all tools in it, each in a folder of its own, side by side. */
async function push() {
  const files: Record<string, string> = {};
  const steps = found.map(({ name, files: toFiles, commands }) => {
    const folder = name.replace(' ', '-');
    for (const [path, text] of Object.entries(toFiles(packages))) files[`${folder}/${path}`] = text;
    return { name: folder, directory: folder, depends_on: [], commands: commands(packages) };
  });
  files['.bellows.yaml'] = JSON.stringify({ steps });
  const id = await bench.enqueue(files);
  const folder = join(root, 'slot');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const { PATH = '', HOME = '' } = process.env;
  await bench.agent({ env: { PATH, HOME } }, { BELLOWS_WORKSPACE: folder });
  const { result } = (await (await bench.api.admin(`/api/v1/jobs/${id}`)).json()) as { result?: JobResult };
  const [, compiled] = /^compiled: (\d+)/m.exec(await bench.log(id)) ?? [];
  const { state } = await bench.job(id);
  return { compiled, state, caches: result?.caches ?? [], fetched: packages.takeFetched() };
}

test('the second push takes from the caches what the first has fetched, with the tools that are here', async () => {
  const names = found.map(({ cache }) => cache).sort();
  const first = await push();
  expect(first).toMatchObject({ state: 'success', compiled: names.includes('go') ? '2' : undefined });
  expect(first.fetched).toHaveLength(found.length);
  const second = await push();
  expect(second).toMatchObject({ state: 'success', compiled: names.includes('go') ? '0' : undefined });
  expect(second.caches.map(({ name, hit }) => [name, hit]).sort()).toEqual(
    names.map((name) => [name, 'exact']),
  );
  expect(second.fetched).toEqual([]);
}, 120_000);
