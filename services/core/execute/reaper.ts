import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends our process groups when we cannot: a shell of a few kilobytes that is told of each one, and ends
 * them all when its standard input closes because we have ended, `kill -9` included.
 */
export interface Reaper {
  add(group: number): void;
  remove(group: number): void;
  /** Resolves when it has ended; what is still listed is ended by it. */
  stop(): Promise<void>;
}

// POSIX sh. A signal that is meant for us must not end it first.
const script = `
trap '' INT TERM HUP QUIT
list=' '
while IFS= read -r line; do
  group=\${line#?}
  case $line in
    +*) list="$list$group " ;;
    -*) case $list in *" $group "*) list="\${list%% "$group" *} \${list#* "$group" }" ;; esac ;;
  esac
done
alive() {
  for group in $list; do kill -s 0 -- "-$group" 2>/dev/null && return 0; done
  return 1
}
for signal in TERM KILL; do
  for group in $list; do kill -s "$signal" -- "-$group" 2>/dev/null; done
  tries=50
  while [ "$tries" -gt 0 ] && alive; do
    sleep 0.1
    tries=$((tries - 1))
  done
done
`;

export function createReaper(): Reaper {
  const groups = new Set<number>();
  let stopped = false;
  let shell = start();

  function start(): ChildProcess {
    // A session of its own: Ctrl-C in the terminal goes to our group.
    const child = spawn('/bin/sh', ['-c', script], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
      env: {},
    });
    child.stdin?.on('error', () => undefined); // told by 'exit'
    for (const group of groups) child.stdin?.write(`+${group}\n`);
    child.once('exit', () => {
      if (!stopped) shell = start();
    });
    return child;
  }

  return {
    add: (group) => {
      groups.add(group);
      shell.stdin?.write(`+${group}\n`);
    },
    remove: (group) => {
      if (groups.delete(group)) shell.stdin?.write(`-${group}\n`);
    },
    stop: () => {
      if (stopped) return Promise.resolve();
      stopped = true;
      return new Promise((resolve) => {
        if (shell.exitCode !== null || shell.signalCode !== null) return resolve();
        shell.once('exit', () => resolve());
        shell.stdin?.end();
      });
    },
  };
}
