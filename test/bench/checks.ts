/** All rules of `./bellows check` against `cdk8s synth` of the same charts, in turns. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { inTurns, toRatio, toText } from './rounds.ts';

const start = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const script = (name: string) => join(root, 'test', 'charts', 'bench', name);
const checked = z.object({ objects: z.int(), ms: z.number(), findings: z.int() });
/** About how many objects one cluster is. */
const perCluster = 70;

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      manifests: { type: 'string', default: '100,1000,5000' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  });
  const rows = [];
  for (const manifests of values.manifests.split(',').map(Number)) {
    const clusters = Math.max(1, Math.round(manifests / perCluster));
    let objects = 0;
    const [ours = [], stock = []] = await inTurns(['ours', 'stock'], Number(values.rounds), async (side) => {
      if (side === 'stock') return stockMs(clusters);
      const { stdout } = await start(
        process.execPath,
        ['--import', 'tsx', script('check.ts'), String(clusters)],
        { cwd: root },
      );
      const found = checked.parse(JSON.parse(stdout));
      objects = found.objects;
      return found.ms;
    });
    rows.push({ objects, ours, stock, ratio: toRatio(ours, stock) });
  }
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else {
    process.stdout.write(
      '| objects | all checks, ms | cdk8s synth, ms | ratio (goal at 1,000: ≤ 0.2) |\n|---|---|---|---|\n',
    );
    for (const { objects, ours, stock, ratio } of rows)
      process.stdout.write(`| ${objects} | ${toText(ours)} | ${toText(stock)} | ${ratio.toFixed(3)} |\n`);
  }
}

/** ts-node cannot run with TypeScript 7; tsx takes its place, which is quicker, and so the harder peer. */
async function stockMs(clusters: number): Promise<number> {
  const output = mkdtempSync(join(tmpdir(), 'bellows-bench-synth-'));
  const app = `${process.execPath} --import tsx ${script('stock.ts')} ${clusters}`;
  const started = performance.now();
  try {
    await start(bin('cdk8s'), ['synth', '--app', app, '--output', output], {
      cwd: root,
      env: { ...process.env, CDK8S_CHECK_UPGRADE: 'false' },
    });
    return performance.now() - started;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}
