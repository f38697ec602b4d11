import { createApiClient, readAddress } from '../core/client/index.ts';
import { UsageError } from '../core/command/index.ts';
import { readConfig, untilSignal } from '../core/runtime/index.ts';
import { runApp } from './app.ts';
import { toTerminal, tuiSettings } from './config.ts';
import { asciiLook, unicodeLook } from './look.ts';
import { parseOptions, usage } from './options.ts';
import { openScreen, type Screen } from './screen.ts';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const { terminal, ...can } = toTerminal(readConfig(tuiSettings, process.env));
  if (!process.stdin.isTTY || !process.stdout.isTTY || terminal === undefined) {
    throw new Error('This needs a terminal that can move its cursor. Without one, use bellows jobs.');
  }
  const client = createApiClient(
    await readAddress(process.env).then(({ api, token }) => ({ url: api, token })),
  );
  const ascii = options.ascii || can.ascii;
  const screen = openScreen({
    input: process.stdin,
    output: process.stdout,
    terminal,
    ascii,
    colour: can.colour,
  });
  const stop = new AbortController();
  void untilSignal().then(() => stop.abort());
  try {
    const look = ascii ? asciiLook : unicodeLook;
    const suspend = () => untilContinued(screen);
    const end = await runApp({ client, screen, look, job: options.job, suspend }, stop.signal);
    if (end === 'interrupted') process.exitCode = 130;
  } finally {
    screen.close();
    client.close();
  }
}

/** The whole job of the shell stops, with whatever started this: the terminal is the shell's until `fg`. */
function untilContinued(screen: Screen): Promise<void> {
  return new Promise((resolve) => {
    const resume = screen.suspend();
    process.once('SIGCONT', () => {
      resume();
      resolve();
    });
    process.kill(0, 'SIGTSTP');
  });
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bellows tui: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
