import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends our children when we cannot: a shell of a few kilobytes that is told of each process group, and
 * ends them all when its standard input closes, because we have ended, `kill -9` included.
 */
export interface Reaper {
  add(pid: number): void;
  remove(pid: number): void;
  /** Closes it; what is still listed is ended by it. */
  stop(): Promise<void>;
}

// POSIX sh. A signal that is meant for us must not end it first.
const script = `
trap '' INT TERM HUP QUIT
list=' '
while IFS= read -r line; do
  pid=\${line#?}
  case $line in
    +*) list="$list$pid " ;;
    -*) case $list in *" $pid "*) list="\${list%% "$pid" *} \${list#* "$pid" }" ;; esac ;;
  esac
done
alive() {
  for pid in $list; do kill -s 0 -- "-$pid" 2>/dev/null && return 0; done
  return 1
}
for signal in TERM KILL; do
  for pid in $list; do kill -s "$signal" -- "-$pid" 2>/dev/null; done
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
    const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    child.stdin?.on('error', () => undefined); // told by 'exit'
    for (const pid of groups) child.stdin?.write(`+${pid}\n`);
    child.once('exit', () => {
      if (!stopped) shell = start();
    });
    return child;
  }

  return {
    add: (pid) => {
      groups.add(pid);
      shell.stdin?.write(`+${pid}\n`);
    },
    remove: (pid) => {
      if (groups.delete(pid)) shell.stdin?.write(`-${pid}\n`);
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
