import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Context, ProgramName } from './context.ts';

// Our own folder, not the shared /tmp, where anybody could put code for us to run.
enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bellows', 'compiled'));

const root = join(import.meta.dirname, '..', '..');
const programs: Record<ProgramName, string> = {
  up: 'services/local/main.ts',
  tui: 'services/tui/main.ts',
  demo: 'services/demo/main.ts',
  test: 'test/all.ts',
  check: 'charts/review/main.ts',
  diff: 'charts/review/diff/main.ts',
  explain: 'charts/review/explain/main.ts',
  graph: 'charts/review/graph/main.ts',
  platform: 'services/platform/main.ts',
  pins: 'services/platform/pins/main.ts',
  upgrade: 'services/platform/upgrade/main.ts',
};

const context: Context = {
  env: process.env,
  cwd: process.cwd(),
  version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  become: (program, args) => {
    if (process.execve === undefined) throw new Error('this system cannot replace a process');
    // Charts use classes that were generated with enums, and a dependency's TypeScript Node alone reads nowhere.
    const isDependency = basename(dirname(root)) === 'node_modules';
    const loader =
      isDependency || programs[program].startsWith('charts/') ? ['--import', import.meta.resolve('tsx')] : [];
    const words = [
      '--disable-warning=ExperimentalWarning',
      ...loader,
      join(root, programs[program]),
      ...args,
    ];
    process.execve(process.execPath, [process.execPath, ...words], process.env);
  },
  untilInterrupted: async () => {
    const { untilSignal } = await import('../core/runtime/index.ts');
    const controller = new AbortController();
    untilSignal().then((signal) => controller.abort(signal));
    return controller.signal;
  },
};

// `bellows logs | head`: like any other program whose reader has gone.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

const { runCommandLine } = await import('./command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), context);
