import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface GitResult {
  ok: boolean;
  stdout: string;
  stderr: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt: number;
}

export interface Git {
  /** Never rejects for git's own refusals: `ok` says. */
  run(args: readonly string[], folder: string, env?: Record<string, string>): Promise<GitResult>;
  /** The same, where a refusal is a fault of the demo. Returns what was printed, trimmed. */
  must(args: readonly string[], folder: string): Promise<string>;
}

/** @param limitMs after which a git that hangs is killed */
export function createGit(env: Record<string, string>, limitMs = 45_000): Git {
  const run: Git['run'] = (args, folder, more = {}) =>
    new Promise((resolve, reject) => {
      const startedAt = Date.now();
      const child = spawn('git', args, {
        cwd: folder,
        env: { ...env, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      // What git has started may hold its output open for longer than git lives.
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        child.stdout.destroy();
        child.stderr.destroy();
      }, limitMs);
      const text = { stdout: '', stderr: '' };
      child.stdout.setEncoding('utf8').on('data', (part: string) => {
        text.stdout += part;
      });
      child.stderr.setEncoding('utf8').on('data', (part: string) => {
        text.stderr += part;
      });
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(timer);
        resolve({ ok: code === 0, ...text, startedAt, endedAt: Date.now() });
      });
    });
  return {
    run,
    must: async (args, folder) => {
      const result = await run(args, folder);
      if (!result.ok) throw new Error(`git ${args.join(' ')} in ${folder}: ${result.stderr.trim()}`);
      return result.stdout.trim();
    },
  };
}

/** Makes a working copy with these files in its first commit. */
export async function makeWorkingCopy(
  git: Git,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await git.must(['init', '--quiet'], folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  await git.must(['add', '--all'], folder);
  await makeCommit(git, folder, 'Begin');
}

/** @returns the commit's id */
export async function makeCommit(git: Git, folder: string, subject: string): Promise<string> {
  await git.must(['commit', '--quiet', '--allow-empty', '--message', subject], folder);
  return git.must(['rev-parse', 'HEAD'], folder);
}

/** When git had made a push's pack and handed it to the wire, from what GIT_TRACE2_EVENT wrote. */
export async function readSentAt(traceFile: string): Promise<number | undefined> {
  return toSentAt(await readFile(traceFile, 'utf8'));
}

/** The end of `pack-objects`: api-trace2 of git, events `child_start` and `child_exit`. */
export function toSentAt(trace: string): number | undefined {
  let packing: string | undefined;
  for (const line of trace.split('\n')) {
    if (!line.includes('"child_')) continue;
    const event = JSON.parse(line) as {
      event: string;
      sid: string;
      child_id: number;
      time: string;
      argv?: string[];
    };
    const child = `${event.sid} ${event.child_id}`;
    if (event.event === 'child_start' && event.argv?.includes('pack-objects') === true) packing = child;
    if (event.event === 'child_exit' && child === packing) return Date.parse(event.time);
  }
  return undefined;
}
