import { Command, InvalidArgumentError } from 'commander';
import { parseWords, toCount } from '../core/command/index.ts';

export interface UpOptions {
  port: number;
  gitPort: number;
  /** Absent: `BELLOWS_DATA`, or the XDG data folder. */
  data?: string;
  /** At most so many agents at a time. */
  agents: number;
  example: boolean;
  tui: boolean;
}

/** @param cores of this machine; a job may use several, so half as many agents, but at least two. */
export function parseOptions(args: readonly string[], cores: number): UpOptions {
  const command = new Command('bellows up')
    .description('Run Bellows on this machine: a git remote to push to, and an agent whenever a job waits.')
    .option('--port <n>', 'where the api and the pages listen, on loopback only', toPort, 7440)
    .option('--git-port <n>', 'where the git remote listens (default: the port after --port)', toPort)
    .option('--data <folder>', 'where everything is kept (default: $BELLOWS_DATA, or ~/.local/share/bellows)')
    .option(
      '--agents <n>',
      'at most so many jobs at a time',
      toCount(999),
      Math.max(2, Math.floor(cores / 2)),
    )
    .option('--no-example', 'make no example repository on the first start')
    .option('--no-tui', 'print plain lines, also in a terminal')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bellows up\n  ./bellows up --port 8000 --data ~/ci --agents 4\n\nCtrl-C ends everything; the next start goes on where this one ended.',
    );
  parseWords(command, args);
  const given = command.opts<Omit<UpOptions, 'gitPort'> & { gitPort?: number }>();
  return { ...given, gitPort: given.gitPort ?? given.port + 1 };
}

function toPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_534)
    throw new InvalidArgumentError('Expected a port, 1 to 65534.');
  return port;
}
