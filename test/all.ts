/** `./bellows test`: everything that must be true before a commit, one line a check. */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(`Usage: bellows test

Everything that must be true before a commit: types, lint, generated files, all tests with their coverage,
the chaos run, the platform and the demo. Takes some minutes. Exit code 0 when all of it holds.

Examples:
  ./bellows test
  npm test -- test/services/core/queue   # some tests
`);
  process.exit(0);
}

const root = join(import.meta.dirname, '..');
const node = process.execPath;
const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'bellows-test-'));
const jestReport = join(scratch, 'jest.json');

interface Check {
  name: string;
  command: string[];
  env?: Record<string, string>;
  /** What to do when it fails. */
  remedy: string;
}

const checks: Check[] = [
  { name: 'types', command: [bin('tsc'), '-p', 'tsconfig.json'], remedy: 'npm run check' },
  { name: 'types of charts', command: [bin('tsc'), '-p', 'tsconfig.charts.json'], remedy: 'npm run check' },
  {
    name: 'lint and format',
    command: [bin('biome'), 'check', '--error-on-warnings', '.'],
    remedy: 'npx biome check --write .',
  },
  { name: 'generated files', command: [node, 'docs/generate.ts', '--check'], remedy: 'npm run docs' },
  {
    name: 'tests',
    command: [node, 'test/run.ts', '--json', `--outputFile=${jestReport}`],
    remedy: 'npm test',
  },
  {
    name: 'model',
    // The same each time, so that a failure is of the change; other seeds are for the long run.
    command: [node, 'test/model/main.ts', '--operations', '20000', '--seed', '1', '--processes', '2'],
    remedy: 'npm run test:model -- --operations 20000 --seed 1 --processes 2',
  },
  {
    name: 'chaos',
    command: [node, 'test/chaos/main.ts', '--each', '--seed', '1'],
    remedy: 'npm run test:chaos -- --each --seed 1',
  },
  {
    name: 'platform',
    command: [node, 'services/cli/main.ts', 'check'],
    remedy: './bellows check',
  },
  {
    name: 'apply',
    // Never the cluster that the shell happens to speak to. Skipped where there is none.
    env: { KUBECONFIG: process.env.BELLOWS_TEST_KUBECONFIG ?? '' },
    command: [node, '--import', 'tsx', 'test/charts/apply/main.ts'],
    remedy: 'npm run test:apply',
  },
  { name: 'demo', command: [node, 'services/demo/main.ts'], remedy: './bellows demo' },
];

const tty = process.stderr.isTTY === true && process.env.CI === undefined;
const counts = { passed: 0, failed: 0, skipped: 0 };

for (const check of checks) {
  const { ok, seconds, log } = await runCheck(check);
  const only = readCounts(check.name, log);
  counts.passed += only?.passed ?? (ok ? 1 : 0);
  counts.failed += only?.failed ?? (ok ? 0 : 1);
  counts.skipped += only?.skipped ?? 0;
  // A suite that breaks outside its tests, or too little coverage, fails the check without a failed test.
  if (!ok && only?.failed === 0) counts.failed += 1;
  process.stdout.write(`${ok ? '✓' : '✗'} ${check.name.padEnd(18)} ${seconds.toFixed(1).padStart(6)} s\n`);
  if (!ok) {
    process.stdout.write(indent(readFileSync(log, 'utf8').split('\n').slice(-200).join('\n')));
    process.stdout.write(`  Try: ${check.remedy}\n`);
  } else if (check.name === 'demo') {
    process.stdout.write(indent(readFileSync(log, 'utf8')));
  } else if (check.name === 'chaos') {
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    process.stdout.write(indent([...lines.filter(isSkip), ...lines.slice(-2)].join('\n')));
  }
}

rmSync(scratch, { recursive: true });
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;

async function runCheck({ name, command: [file = '', ...args], env = {} }: Check) {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const log = join(scratch, `${name.replaceAll(' ', '-')}.log`);
  const sink = createWriteStream(log);
  const child = spawn(file, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let line = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(sink, { end: false });
    stream.on('data', (part: Buffer) => {
      line = part.toString().trimEnd().split('\n').at(-1) ?? line;
    });
  }
  const draw = () => {
    const text = `… ${name} ${seconds().toFixed(0)} s  ${line.replace(/[^\x20-\x7e]/g, '')}`;
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  };
  const timer = tty ? setInterval(draw, 200) : undefined;
  const ok = await new Promise<boolean>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0));
  });
  clearInterval(timer);
  if (tty) process.stderr.write('\r\x1b[K');
  await new Promise((resolve) => sink.end(resolve));
  return { ok, seconds: seconds(), log };
}

function readCounts(name: string, log: string) {
  if (name === 'tests') return readJest();
  if (name === 'chaos') return readLastLine(log, 'held');
  return name === 'apply' ? readLastLine(log, 'passed') : undefined;
}

function readJest() {
  const schema = z.object({ numPassedTests: z.int(), numFailedTests: z.int(), numPendingTests: z.int() });
  try {
    const report = schema.parse(JSON.parse(readFileSync(jestReport, 'utf8')));
    return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests };
  } catch {
    return undefined; // jest did not get as far as a report: the check counts as one failure
  }
}

/** A run's own count, its last line: what needs a C compiler, or a cluster, is skipped where there is none. */
function readLastLine(log: string, well: string) {
  const form = new RegExp(`^(\\d+) ${well}, (\\d+) failed, (\\d+) skipped$`, 'm');
  const [, passed, failed, skipped] = form.exec(readFileSync(log, 'utf8')) ?? [];
  if (passed === undefined) return undefined;
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

/** A fault that was left out says why. */
function isSkip(line: string): boolean {
  return /^- +\d+ skipped: /.test(line);
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ').concat('\n');
}
