/** `npm run synth` of a platform that has not changed, beside cdk8s as it comes, kubectl kustomize and jsonnet. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { inTurns, toRatio, toText } from './rounds.ts';
import { type Named, toJsonnet, toKustomize, toOurs, toStock, toStockEnv } from './synth/folders.ts';

const start = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
/** About how many objects one cluster is, until that has been counted. */
const guess = 80;

/** Whose time is taken: a program, its arguments and where it runs. */
interface Side {
  readonly name: string;
  readonly folder: string;
  readonly command: readonly string[];
  readonly env?: Record<string, string>;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      manifests: { type: 'string', default: '100,1000,5000' },
      rounds: { type: 'string', default: '3' },
      without: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
    },
  });
  const without = new Set(values.without.split(',').filter((name) => name !== ''));
  const rows = [];
  for (const manifests of values.manifests.split(',').map(Number)) {
    const folder = mkdtempSync(join(tmpdir(), 'bellows-bench-synth-'));
    try {
      const { objects, sides } = await prepare(folder, manifests);
      const taken = sides.filter(({ name }) => !without.has(name) && isThere(name));
      const found = await inTurns(taken, Number(values.rounds), toMs);
      const ms = Object.fromEntries(taken.map(({ name }, at) => [name, found[at] ?? []]));
      const ratio = toRatio(ms['stock app'] ?? [], ms['our app'] ?? []);
      rows.push({ objects, ms, ratio });
      if (!values.json) print(rows.length === 1, objects, ms, ratio);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
}

const names = [
  'our app',
  'our cdk8s synth',
  'stock app',
  'stock cdk8s synth',
  'kubectl kustomize',
  'jsonnet',
] as const;

async function prepare(folder: string, manifests: number): Promise<{ objects: number; sides: Side[] }> {
  const place = (name: string) => join(folder, name);
  toOurs(place('one'), 1);
  await toMs(appOf(place('one')));
  const one = documentsIn(join(place('one'), 'dist'));
  const clusters = Math.max(1, Math.round(manifests / (one.length || guess)));
  toOurs(place('ours'), clusters);
  toStock(place('stock'), clusters);
  toKustomize(place('kustomize'), one, clusters);
  toJsonnet(place('kustomize'), one, clusters);
  const cdk8s = [join(root, 'node_modules', '.bin', 'cdk8s'), 'synth'];
  const compiled = { NODE_COMPILE_CACHE: join(folder, 'compiled') };
  const stockApp = [
    'node',
    join(root, 'node_modules', 'ts-node', 'dist', 'bin.js'),
    'test/charts/bench/stock.ts',
  ];
  const commands: Record<(typeof names)[number], Omit<Side, 'name'>> = {
    'our app': appOf(place('ours')),
    'our cdk8s synth': { folder: place('ours'), command: cdk8s, env: compiled },
    'stock app': { folder: place('stock'), command: stockApp, env: toStockEnv() },
    'stock cdk8s synth': { folder: place('stock'), command: cdk8s, env: toStockEnv() },
    'kubectl kustomize': {
      folder: place('kustomize'),
      command: ['kubectl', 'kustomize', '.', '-o', 'all.yaml'],
    },
    jsonnet: { folder: place('kustomize'), command: ['jsonnet', '-m', 'out', '-c', 'main.jsonnet'] },
  };
  return { objects: one.length * clusters, sides: names.map((name) => ({ name, ...commands[name] })) };
}

function appOf(folder: string): Side {
  return { name: 'our app', folder, command: ['node', join(root, 'charts', 'app.mjs'), 'main.ts'] };
}

async function toMs({ folder, command, env }: Side): Promise<number> {
  const [program = '', ...args] = command;
  const path = `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`;
  const started = performance.now();
  await start(program, args, {
    cwd: folder,
    env: { ...process.env, PATH: path, CDK8S_CHECK_UPGRADE: 'false', ...env },
    maxBuffer: 1 << 28,
  });
  return performance.now() - started;
}

function documentsIn(folder: string): Named[] {
  const files = readdirSync(join(folder, 'clusters'), { recursive: true }).map(String);
  return files
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, 'clusters', name), 'utf8')))
    .map((document): Named => document.toJS());
}

/** The other tools are measured where somebody has them. */
function isThere(name: string): boolean {
  const program = {
    'kubectl kustomize': ['kubectl', 'version', '--client'],
    jsonnet: ['jsonnet', '--version'],
  }[name];
  if (program === undefined) return true;
  const [command = '', ...args] = program;
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function print(isFirst: boolean, objects: number, ms: Record<string, number[]>, ratio: number): void {
  const line = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
  if (isFirst) {
    line([
      'objects',
      ...names.map((name) => `${name}, ms`),
      'stock / ours, the apps (goal: ≥ 12 at 1,000, ≥ 8 at 5,000)',
    ]);
    line(Array.from({ length: names.length + 2 }, () => '---'));
  }
  const cells = names.map((name) =>
    ms[name] === undefined || ms[name].length === 0 ? '–' : toText(ms[name]),
  );
  line([String(objects), ...cells, ratio.toFixed(1)]);
}
