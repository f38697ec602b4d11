import { createHash, randomBytes } from 'node:crypto';
import { access, constants, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { buildInParts } from './parts.ts';

/** Programs that run as one file each: a third less memory and half the start-up of their sources. */
const modules = {
  api: 'services/api/main.ts',
  backup: 'services/backup/main.ts',
  up: 'services/local/up/main.ts',
};
const agent = 'services/agent/main.ts';

/** Folders to keep: another clone's branch, or an `up` that still runs from an older one. */
const keptFolders = 4;

/**
 * Bundles the programs, unless these very sources were bundled before.
 *
 * @param root the clone
 * @param home where bundles are kept when the clone is not ours to write in: the user's cache folder
 * @returns the folder of `api.mjs`, `backup.mjs`, `up.mjs`, `agent.cjs` and its parts, `agent-*.cjs`
 */
export async function buildPrograms(root: string, home: string): Promise<string> {
  const cache = await toCache(root, home);
  const folder = join(cache, await hashSources(root));
  const found = await stat(join(folder, 'up.mjs')).catch(() => undefined);
  if (found === undefined) await build(root, cache, folder);
  const now = new Date();
  await utimes(folder, now, now);
  await prune(cache);
  return folder;
}

async function toCache(root: string, home: string): Promise<string> {
  const modules = join(root, 'node_modules');
  const own = await access(modules, constants.W_OK).then(
    () => true,
    () => false,
  );
  return own ? join(modules, '.cache', 'bellows') : join(home, 'bellows', 'programs');
}

/** Of everything that can change a bundle: our sources, and the exact packages. */
export async function hashSources(root: string): Promise<string> {
  const services = join(root, 'services');
  const names = (await readdir(services, { recursive: true }))
    .filter((name) => /\.(?:ts|lua)$/.test(name))
    .sort();
  const hash = createHash('sha256');
  const files = [...names.map((name) => join('services', name)), 'package-lock.json'];
  const contents = await Promise.all(files.map((file) => readFile(join(root, file))));
  for (const [at, content] of contents.entries())
    hash.update(`${files[at]}\0${content.length}\0`).update(content);
  return hash.digest('hex').slice(0, 16);
}

async function build(root: string, cache: string, folder: string): Promise<void> {
  // Slow to load, and needed only here.
  const esbuild = await import('esbuild');
  const draft = join(cache, `.new-${randomBytes(6).toString('hex')}`);
  await mkdir(draft, { recursive: true });
  try {
    const shared = {
      absWorkingDir: root,
      outdir: draft,
      bundle: true,
      platform: 'node',
      target: 'node24',
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: 'none',
      loader: { '.lua': 'text' },
      logLevel: 'silent',
    } as const;
    await esbuild.build({
      ...shared,
      entryPoints: modules,
      outExtension: { '.js': '.mjs' },
      format: 'esm',
      // CommonJS packages inside an ES module still ask for Node's modules by `require`.
      banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    });
    await buildInParts(esbuild, { ...shared, name: 'agent', entry: agent });
    await rename(draft, folder).catch(async (error: unknown) => {
      if ((await stat(join(folder, 'up.mjs')).catch(() => undefined)) === undefined) throw error;
    });
  } finally {
    // What stays running for the next build would outlive the process that becomes `up`.
    await esbuild.stop();
    await rm(draft, { recursive: true, force: true });
  }
}

async function prune(cache: string): Promise<void> {
  const names = await readdir(cache);
  const aged = await Promise.all(
    names.map(async (name) => ({ name, used: (await stat(join(cache, name))).mtimeMs })),
  );
  const old = aged.sort((a, b) => b.used - a.used).slice(keptFolders);
  await Promise.all(old.map(({ name }) => rm(join(cache, name), { recursive: true, force: true })));
}
