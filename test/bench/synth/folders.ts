import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { platformTextOf } from './platform.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** A platform of so many clusters, rendered as users of Bellows do. */
export function toOurs(folder: string, clusters: number): void {
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const from = (name: string) => JSON.stringify(join(root, 'charts', name));
  write(folder, 'package.json', '{"type":"module"}');
  write(folder, 'platform.yaml', platformTextOf(clusters));
  write(
    folder,
    'main.ts',
    `import { synth } from ${from('synth.ts')};\nimport { toUnits } from ${from('units.ts')};\n\nprocess.exitCode = synth(toUnits, process.stderr);\n`,
  );
  const app = `NODE_COMPILE_CACHE= node ${join(root, 'charts', 'app.mjs')} main.ts`;
  write(folder, 'cdk8s.yaml', stringify({ language: 'typescript', app, output: '.synth' }));
}

/**
 * The same charts as an app of cdk8s as `cdk8s init` makes one: CommonJS, run by ts-node, written by `app.synth()`.
 * Imports lose their endings and modules their `import.meta`, which ts-node does not read; nothing else is different.
 */
export function toStock(folder: string, clusters: number): void {
  for (const part of ['charts', 'imports', 'services', 'test/charts/bench'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !file.endsWith('.ts')) continue;
    const text = readFileSync(file, 'utf8')
      .replace(/((?:from|import\() ?'\.[^']*)\.ts'/g, "$1'")
      .replaceAll('import.meta.dirname', '__dirname');
    writeFileSync(file, text);
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  write(folder, 'package.json', '{"type":"commonjs"}');
  write(folder, 'platform.yaml', platformTextOf(clusters));
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2024'],
    module: 'node16',
    moduleResolution: 'node16',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    esModuleInterop: true,
    skipLibCheck: true,
  };
  write(folder, 'tsconfig.json', JSON.stringify({ compilerOptions }));
  const app = `node ${join(root, 'node_modules', 'ts-node', 'dist', 'bin.js')} test/charts/bench/stock.ts`;
  write(folder, 'cdk8s.yaml', stringify({ language: 'typescript', app, output: 'dist' }));
}

/** ts-node reads no TypeScript 7: the compiler that the packages of cdk8s bring. */
export function toStockEnv(): Record<string, string> {
  const cli = createRequire(createRequire(import.meta.url).resolve('cdk8s-cli/package.json'));
  const rosetta = createRequire(cli.resolve('jsii-rosetta/package.json'));
  return { TS_NODE_COMPILER: rosetta.resolve('typescript') };
}

/** The objects of each cluster in a file of its own, under names of its own: kustomize wants each once. */
export function toKustomize(folder: string, objects: readonly Named[], clusters: number): void {
  const resources = Array.from({ length: clusters }, (_, index) => `home-${index}.yaml`);
  for (const [index, resource] of resources.entries()) {
    const named = objects.map(({ metadata, ...rest }) => ({
      ...rest,
      metadata: { ...metadata, name: `${metadata.name}-${index}` },
    }));
    write(folder, resource, named.map((object) => stringify(object)).join('---\n'));
  }
  write(folder, 'kustomization.yaml', stringify({ resources }));
}

export interface Named {
  readonly metadata: { readonly name: string };
}

/** One cluster's objects as a function of its domain, called for each. */
export function toJsonnet(folder: string, objects: readonly Named[], clusters: number): void {
  const quoted = JSON.stringify(objects).replaceAll('home-0.arpa', '" + domain + "');
  const names = Array.from({ length: clusters }, (_, index) => `home-${index}`);
  const calls = names.map((name) => `  '${name}.json': cluster('${name}.arpa'),\n`);
  write(folder, 'main.jsonnet', `local cluster(domain) = ${quoted};\n{\n${calls.join('')}}\n`);
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
