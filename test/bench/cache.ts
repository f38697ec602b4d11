import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { createJobCaches } from '../../services/api/job-caches.ts';
import type { JobResult } from '../../services/core/job/index.ts';
import { createLog } from '../../services/core/log/index.ts';
import { openFolderStore } from '../../services/core/store/index.ts';
import { buildPrograms } from '../../services/local/bundle/build.ts';
import { openAgentBench } from '../support/agent.ts';
import { runAgentProgram } from './agent-program.ts';
import { toProject } from './cache/project.ts';

interface Run {
  what: string;
  /** From the beginning of the clone to the end of the last step. */
  ms: number;
  restoreMs: number;
  fresh: number;
  units: number;
  bytes: number;
  /** What was kept for the next one, and how long that took; nobody waits for it, but the machine does it. */
  kept: number;
  keepMs: number;
}

/**
 * Pushes of a Rust workspace, each built by a real agent, its bundle in a process of its own, at the real api: cold,
 * unchanged, one line changed; and beside it the same with a tar of the whole target folder, which is what people use
 * where times are nobody's business.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false } } });
  if (spawnSync('cargo', ['--version']).status !== 0) throw new Error('there is no cargo on the path');
  const root = await mkdtemp(join(tmpdir(), 'bellows-bench-cache-'));
  const store = await openFolderStore(join(root, 'store'));
  const caches = createJobCaches({ store, quotaGib: 20, log: createLog('bench', 'silent') });
  const bench = await openAgentBench({ caches });
  const repository = join(import.meta.dirname, '../..');
  const program = join(await buildPrograms(repository, join(repository, 'node_modules')), 'agent.cjs');
  const [slot, otherSlot] = ['slot-0', 'slot-1'].map((name) => join(root, name)) as [string, string];
  const hidden = join(root, 'hidden');
  const runs: Run[] = [];
  const note = (line: string) => process.stdout.write(values.json ? '' : `${line}\n`);
  const tell = (made: Run): Run => {
    runs.push(made);
    note(
      `${made.what.padEnd(34)} ${(made.ms / 60_000).toFixed(2).padStart(6)} min  restored ${toCost(made.bytes, made.restoreMs)}  kept ${toCost(made.kept, made.keepMs)}  ${made.fresh} of ${made.units} units fresh  ${(made.ms / (runs[0]?.ms ?? 1)).toFixed(2)} of cold`,
    );
    return made;
  };

  const push = async (what: string, line: string, folder = slot): Promise<void> => {
    const id = await bench.enqueue(toProject(line), { timeLimitMs: 3_600_000 });
    for (const path of [slot, otherSlot, hidden]) {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
    }
    const before = performance.now();
    const own = {
      BELLOWS_AGENT: 'bench',
      BELLOWS_WORKSPACE: folder,
      BELLOWS_HIDE: hidden,
      BELLOWS_ENGINE: 'process',
      ...(folder === slot ? {} : { BELLOWS_PLACE: slot }),
    };
    await runAgentProgram(bench, program, { ...toEnv(), ...own });
    const took = performance.now() - before;
    const { result = {} } = (await (await bench.api.admin(`/api/v1/jobs/${id}`)).json()) as {
      result?: JobResult;
    };
    const restored = result.caches ?? [];
    const restoreMs = sum(restored.map(({ ms }) => ms));
    const stepsMs = sum((result.steps ?? []).map(({ ms }) => ms));
    const ms = (result.cloneMs ?? 0) + restoreMs + stepsMs;
    const log = await bench.log(id);
    if ((await bench.job(id)).state !== 'success') throw new Error(log.slice(-2000));
    const kept = sum(restored.map(({ saved = 0 }) => saved));
    const bytes = sum(restored.map(({ bytes }) => bytes));
    // The rest of the agent's life: its start, the claim, and what it keeps.
    tell({ what, ms, restoreMs, bytes, kept, keepMs: took - ms, ...countUnits(log) });
  };

  const tarred = ['tree/target', 'home/.cargo/registry/index', 'home/.cargo/registry/cache'];
  const tarFile = join(root, 'whole.tar.zst');
  const makeTar = (): { kept: number; keepMs: number } => {
    const before = performance.now();
    command('tar', ['--create', '--zstd', '--file', `${tarFile}.new`, ...tarred], slot);
    renameSync(`${tarFile}.new`, tarFile);
    return { kept: statSync(tarFile).size, keepMs: performance.now() - before };
  };
  const pushWithTar = (what: string, line: string): void => {
    rmSync(slot, { recursive: true, force: true });
    mkdirSync(join(slot, 'home'), { recursive: true });
    for (const [path, text] of Object.entries(toProject(line))) {
      mkdirSync(dirname(join(slot, 'tree', path)), { recursive: true });
      writeFileSync(join(slot, 'tree', path), text);
    }
    const before = performance.now();
    command('tar', ['--extract', '--zstd', '--file', tarFile], slot);
    const restoreMs = performance.now() - before;
    const bytes = statSync(tarFile).size;
    const output = command(
      'cargo',
      ['build', '--locked', '--quiet', '--message-format=json'],
      join(slot, 'tree'),
      {
        ...toEnv(),
        HOME: join(slot, 'home'),
        CARGO_HOME: join(slot, 'home/.cargo'),
        CARGO_INCREMENTAL: '0',
      },
    );
    const ms = performance.now() - before;
    tell({ what, ms, restoreMs, bytes, ...makeTar(), ...countUnits(output) });
  };

  try {
    await push('cold', 'one');
    makeTar();
    await push('unchanged', 'one');
    await push('unchanged, in another slot', 'one', otherSlot);
    await push('one line changed', 'two');
    pushWithTar('unchanged, with a tar', 'one');
    pushWithTar('one line changed, with a tar', 'two');
    if (values.json) process.stdout.write(`${JSON.stringify(runs, undefined, 2)}\n`);
  } finally {
    await bench.close();
    await rm(root, { recursive: true, force: true });
  }
}

function toEnv(): Record<string, string> {
  const { PATH = '', HOME = '', RUSTUP_HOME = join(HOME, '.rustup') } = process.env;
  return { PATH, RUSTUP_HOME };
}

function command(name: string, args: readonly string[], cwd: string, env = toEnv()): string {
  const { status, stdout, stderr } = spawnSync(name, args, { cwd, env, maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr.toString().slice(-2000)}`);
  return stdout.toString();
}

const toCost = (bytes: number, ms: number): string =>
  `${(bytes / 1e6).toFixed(1).padStart(5)} MB in ${(ms / 1000).toFixed(1).padStart(5)} s`;

/** By what cargo says of each unit. */
function countUnits(text: string): { fresh: number; units: number } {
  const units = text.split('\n').filter((line) => line.startsWith('{"reason":"compiler-artifact"'));
  return { units: units.length, fresh: units.filter((line) => line.includes('"fresh":true')).length };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
