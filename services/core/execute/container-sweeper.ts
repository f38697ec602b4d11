import { spawn } from 'node:child_process';

/**
 * Removes what a job's containers leave, also when we cannot: a shell that waits until its standard input closes,
 * because we close it or have ended, `kill -9` included.
 */
export interface ContainerSweeper {
  /** Resolves when nothing is left. */
  sweep(): Promise<void>;
}

// POSIX sh. A signal that is meant for us must not end it first.
const script = `
trap '' INT TERM HUP QUIT
cat >/dev/null
ids=$("$1" ps --all --quiet --filter "label=$2")
if [ -n "$ids" ]; then
  "$1" kill $ids
  "$1" rm --force --volumes $ids
fi
"$1" network rm "$3"
`;

export function createContainerSweeper(
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  label: string,
  network: string,
): ContainerSweeper {
  const shell = spawn('/bin/sh', ['-c', script, 'sh', command, label, network], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env,
  });
  const ended = new Promise<void>((resolve) => {
    shell.once('exit', () => resolve());
    shell.once('error', () => resolve());
  });
  shell.stdin.on('error', () => undefined); // told by 'exit'
  return {
    sweep: () => {
      shell.stdin.end();
      return ended;
    },
  };
}
