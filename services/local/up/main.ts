/** `bellows up`, as main.ts bundles and starts it. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { toDataFolder } from '../../core/client/index.ts';
import { UsageError } from '../../core/command/index.ts';
import { toToolVariables } from '../../core/execute/index.ts';
import { readConfig, untilSignal } from '../../core/runtime/index.ts';
import { localConfigSchema } from '../config.ts';
import { toFolder } from '../folder.ts';
import { parseOptions } from '../options.ts';
import { showUp } from '../show-up.ts';
import { openUp } from '../up.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), availableParallelism());
  const config = readConfig(localConfigSchema, process.env);
  const folder = toFolder(resolve(options.data ?? toDataFolder(process.env)));
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const stop = new AbortController();
  const signalled = untilSignal().then((signal) => {
    stop.abort();
    return signal;
  });

  // What is said while the terminal UI has the screen comes after it.
  let held: string[] | undefined;
  const say = (line: string) => {
    if (held === undefined) process.stdout.write(`${line}\n`);
    else held.push(line);
  };
  const runTui = async (job: string | undefined): Promise<number> => {
    held = [];
    const args = [...process.execArgv, join(config.BELLOWS_ROOT, 'services/tui/main.ts')];
    const child = spawn(process.execPath, job === undefined ? args : [...args, '--job', job], {
      stdio: 'inherit',
      env: { ...process.env, BELLOWS_DATA: folder.data },
    });
    const ended = new Promise<number>((done) => child.once('exit', (code) => done(code ?? 0)));
    stop.signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
    const code = await ended;
    const lines = held;
    held = undefined;
    for (const line of lines) say(line);
    return code;
  };

  const node = process.execPath;
  const tools = toToolVariables(process.env);
  const path = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  const up = await openUp({ options, config, folder, node, uid: process.getuid?.() ?? 0, path, tools, say });
  try {
    const tui = isTerminal && options.tui ? runTui : undefined;
    if (stop.signal.aborted) return;
    const goesOn = await showUp({
      up,
      options,
      folder,
      root: config.BELLOWS_ROOT,
      path,
      say,
      tui,
      signal: stop.signal,
    });
    if (goesOn) await signalled;
  } finally {
    if (isTerminal) say('\nending …');
    await up.stop();
  }
}

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const asked = error instanceof UsageError && error.exitCode === 0;
  (asked ? process.stdout : process.stderr).write(asked ? `${message}\n` : `bellows up: ${message}\n`);
  process.exitCode = error instanceof UsageError ? error.exitCode : 1;
}
