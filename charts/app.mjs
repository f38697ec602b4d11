/**
 * What `cdk8s synth` starts (cdk8s.yaml): `node charts/app.mjs main.ts` runs a platform's main.ts as one bundle, which
 * loads several times as fast as the hundreds of files that it is made of. A bundle is kept, and used as long as
 * every file that went into it reads as it did then; what it renders is never kept.
 * Plain JavaScript, because below node_modules Node reads no TypeScript.
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Folders of bundles to keep: clones may share their packages. */
const kept = 8;

const main = resolve(process.argv[2] ?? 'main.ts');
const root = dirname(main);
const cache = join(root, 'node_modules', '.cache', 'bellows', 'synth');
const own = join(cache, hash(main));
const index = join(own, 'made.json');

try {
  const bundle = find() ?? (await build());
  module.enableCompileCache?.(join(own, 'compiled'));
  await import(pathToFileURL(bundle).href);
} catch {
  // Whatever it is: from its sources it is said with its place in them.
  const loader = pathToFileURL(createRequire(main).resolve('tsx')).href;
  const { status } = spawnSync(process.execPath, ['--import', loader, main], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

/** The bundle of these very sources, if there is one. */
function find() {
  const text = read(index);
  if (text === undefined) return undefined;
  const { bundle, inputs } = JSON.parse(text.toString());
  return Object.entries(inputs).every(([path, digest]) => digestOf(path) === digest) ? bundle : undefined;
}

async function build() {
  // Slow to load, and needed only here.
  const { build, stop } = await import('esbuild');
  /** Path → digest of what was read of it. */
  const inputs = {};
  // Beside what is read: this file, and what says which packages there are and where imports lead.
  const deciding = ['package.json', 'tsconfig.json', 'node_modules/.package-lock.json'];
  for (const path of [fileURLToPath(import.meta.url), ...deciding.map((name) => join(root, name))])
    inputs[path] = digestOf(path);
  const { outputFiles } = await build({
    entryPoints: [main],
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
    // CommonJS packages inside an ES module still ask for Node's modules by `require`.
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    plugins: [
      { name: 'inputs', setup: (building) => building.onLoad({ filter: /\.(?:[cm]?[jt]s|json)$/ }, load) },
    ],
  });
  await stop();

  function load({ path }) {
    const contents = readFileSync(path);
    inputs[path] = hash(contents);
    const folder = dirname(path);
    if (!path.includes('/node_modules/')) inputs[folder] ??= digestOf(folder);
    return {
      contents: contents.includes('import.meta.') ? withPlaces(contents.toString(), path) : contents,
      loader: path.endsWith('.json') ? 'json' : path.endsWith('ts') ? 'ts' : 'js',
    };
  }

  mkdirSync(own, { recursive: true });
  const text = outputFiles[0].contents;
  const name = `${hash(text)}.mjs`;
  writeAtOnce(join(own, name), text);
  writeAtOnce(index, JSON.stringify({ bundle: join(own, name), inputs }));
  for (const other of readdirSync(own))
    if (other !== name && other !== 'made.json') rmSync(join(own, other), { recursive: true, force: true });
  const byAge = readdirSync(cache)
    .map((folder) => ({ folder, used: statSync(join(cache, folder)).mtimeMs }))
    .sort((a, b) => b.used - a.used);
  for (const { folder } of byAge.slice(kept)) rmSync(join(cache, folder), { recursive: true, force: true });
  return join(own, name);
}

/** A module in the bundle is still told where it stands in the sources. */
function withPlaces(text, path) {
  return text
    .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
    .replaceAll('import.meta.filename', JSON.stringify(path))
    .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
}

/** Of a file its content, of a folder the names of modules: a new one may be what an import leads to. */
function digestOf(path) {
  const content = read(path);
  if (content !== undefined) return hash(content);
  try {
    return hash(
      readdirSync(path)
        .filter((name) => /^\.(?:[cm]?[jt]sx?|json)$/.test(extname(name)))
        .sort()
        .join('\n'),
    );
  } catch {
    return 'none';
  }
}

function read(path) {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function writeAtOnce(path, content) {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(aside, content);
  renameSync(aside, path);
}

function hash(content) {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}
