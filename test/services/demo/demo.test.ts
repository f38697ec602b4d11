import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { runDemo } from '../../../services/demo/demo.ts';
import { createProgress } from '../../../services/demo/progress.ts';
import { type Lie, lies } from './model/lies.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-model-'));
  // One file, as the programs of the real one are: it starts faster, in less memory.
  await build({
    entryPoints: [join(import.meta.dirname, 'model', 'main.ts')],
    outfile: join(folder, 'model.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Way {
  signal?: AbortSignal;
  onLine?: (line: string) => unknown;
  program?: string;
  keep?: boolean;
}

async function demonstrate(told: readonly Lie[], way: Way = {}) {
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
    way.onLine?.(line);
  };
  const report = await runDemo({
    program: way.program ?? join(folder, 'model.mjs'),
    node: process.execPath,
    platform: process.platform,
    env: process.env,
    temporary: folder,
    editionEnv: { MODEL_LIES: told.join(',') },
    kill: (pid, signal) => process.kill(pid, signal),
    progress: createProgress({ write, tty: false, columns: () => 80 }),
    graceMs: 500,
    runs: 2,
    keep: way.keep ?? false,
    signal: way.signal ?? new AbortController().signal,
  });
  return { report, lines };
}

test('an edition that keeps its promises passes every row, and its pushes are timed', async () => {
  const { report, lines } = await demonstrate([]);
  expect(report.claims.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.ok).toBe(true);
  expect(report.times?.runs).toBe(2);
  expect(report.ledger).toMatchObject({ accepted: 48, finished: 48, lost: [], doubled: [], unasked: [] });
  expect(lines.filter((line) => line.startsWith('✓'))).toHaveLength(report.claims.length + 2);
});

test('an edition that breaks every promise fails every row', async () => {
  const { report } = await demonstrate(lies);
  expect(report.claims.filter(({ ok }) => ok)).toEqual([]);
  expect(report.ok).toBe(false);
});

test('a demo that is stopped early ends its edition, waits for nothing, and leaves no folder', async () => {
  const stopping = new AbortController();
  const stop = (line: string) =>
    line === '… an agent killed mid-job\n' && stopping.abort(new Error('stopped'));
  await expect(demonstrate([], { signal: stopping.signal, onLine: stop })).rejects.toThrow('stopped');
  expect(readdirSync(folder)).toEqual(['model.mjs']);
});

test('an edition that does not start is an error with its own last words', async () => {
  const running = demonstrate([], { program: '/nonexistent.mjs' });
  await expect(running).rejects.toThrow(/bellows up ended with exit code 1:\n.*nonexistent/s);
  expect(readdirSync(folder)).toEqual(['model.mjs']);
});

test('with --keep the scratch folder stays, and is named', async () => {
  const stopping = new AbortController();
  const stop = (line: string) => line.startsWith('✓ start') && stopping.abort(new Error('stopped'));
  await expect(demonstrate([], { signal: stopping.signal, onLine: stop, keep: true })).rejects.toThrow(
    /stopped/,
  );
  expect(readdirSync(folder)).toHaveLength(2);
});
