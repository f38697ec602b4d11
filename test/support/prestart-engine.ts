import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { forward } from '../../services/core/execute/forward.ts';
import { type Engine, EngineError, type StepEnd, type StepRun } from '../../services/core/execute/index.ts';
import { isListening } from '../../services/core/execute/listening.ts';
import { quote, toCarrier, toScript } from '../../services/core/execute/script.ts';
import { findDirectory, type Workspace } from '../../services/core/execute/workspace.ts';
import type { PlannedStep } from '../../services/core/pipeline/index.ts';

export interface PrestartOptions {
  workspace: Workspace;
  path: string;
  graceMs: number;
}

/** In the step's container: waits for `go`, then runs the script, and signals it as it is told. */
const launcher = `
cd "$1"
exec 3<control
read -r word <&3 && [ "$word" = go ] || exit 0
setsid /bin/sh -e script >log 2>&1 3<&- &
step=$!
while read -r signal <&3; do kill -s "$signal" -- "-$step"; done 2>/dev/null &
wait "$step"
code=$?
kill -s KILL -- "-$step" 2>/dev/null
kill -s KILL $!
echo "$code" >exit
`;

/**
 * An engine of the shape that Kubernetes asks for: everything that may run is started by `prepare`, each blocked on a
 * FIFO of its own; `go`, output, signals and exit codes go through FIFOs in a folder that both sides see. Processes
 * stand for its containers.
 */
export function createPrestartEngine({ workspace, path, graceMs }: PrestartOptions): Engine {
  const started = new Map<PlannedStep, { folder: string; control: number; child: ChildProcess }>();
  let count = 0;

  const start = async (step: PlannedStep) => {
    count += 1;
    const folder = join(workspace.scripts, `prestart-${count}`);
    const fifos = ['control', 'log', 'exit'].map((name) => join(folder, name));
    await mkdir(folder);
    await promisify(execFile)('mkfifo', fifos);
    // Both of its ends are ours, so that neither side waits for the other to open it.
    const control = openSync(join(folder, 'control'), constants.O_RDWR);
    const child = spawn('/bin/sh', ['-c', launcher, 'launcher', folder], {
      env: { PATH: path },
      stdio: 'ignore',
    });
    started.set(step, { folder, control, child });
  };

  const run = async ({ step, variables, secrets = [], write, signal }: StepRun): Promise<StepEnd> => {
    const own = started.get(step);
    if (own === undefined) throw new TypeError(`${step.name} was not prepared`);
    const { folder, control, child } = own;
    const cwd = await findDirectory(workspace.tree, step.directory);
    if (cwd === undefined) {
      await write(Buffer.from(`There is no directory ${step.directory} in the workspace.\n`));
      return { exitCode: 1 };
    }
    signal.throwIfAborted();
    const given = Object.entries({
      ...variables,
      ...Object.fromEntries(secrets.map((value, i) => [toCarrier(i), value])),
      HOME: workspace.home,
    });
    const script = [`cd ${quote(cwd)}`, ...given.map(([name, value]) => `export ${name}=${quote(value)}`)];
    await writeFile(join(folder, 'script'), [...script, toScript(step)].join('\n'), { mode: 0o600 });
    const log = openFifo(join(folder, 'log'));
    const exit = openFifo(join(folder, 'exit'));
    const output = forward(log.socket, write);
    const say = (word: string) => void writeSync(control, `${word}\n`);
    let isOver = false;
    const onAbort = async () => {
      say('TERM');
      await delay(graceMs, undefined, { ref: false });
      if (!isOver) say('KILL');
    };
    say('go');
    signal.addEventListener('abort', onAbort, { once: true });
    const gone = once(child, 'exit').then(() => [Buffer.from('')]);
    const [told] = await Promise.race([once(exit.socket, 'data'), gone]);
    isOver = true;
    signal.removeEventListener('abort', onAbort);
    log.end();
    exit.end();
    exit.socket.destroy();
    // Who has left the step's group may hold it open.
    await Promise.race([output.ended, delay(1000, undefined, { ref: false })]);
    output.stop();
    if (String(told) === '') throw new EngineError('its container has gone');
    return { exitCode: Number(told) };
  };

  return {
    name: 'prestart',
    prepare: async ({ services, steps }) => void (await Promise.all([...services, ...steps].map(start))),
    run,
    answers: async (_service, port) =>
      ['tcp', 'tcp6'].some((name) => isListening(readFileSync(`/proc/net/${name}`, 'utf8'), port)),
    close: async () => {
      for (const { control, child } of started.values()) {
        const gone = child.exitCode !== null || child.signalCode !== null || once(child, 'exit');
        writeSync(control, 'KILL\n');
        await gone;
        closeSync(control);
      }
      started.clear();
    },
  };
}

/** Read without waiting for who writes; `end` says that nobody else will, and it ends when they have. */
function openFifo(path: string): { socket: Socket; end(): void } {
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const keeper = openSync(path, constants.O_WRONLY);
  const socket = new Socket({ fd: reader, readable: true, writable: false });
  return { socket, end: () => closeSync(keeper) };
}
