import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Jobs } from './jobs.ts';
import type { Lie } from './lies.ts';

export interface Chunk {
  step: string;
  text: string;
}

/** Runs each accepted job's first step as a real process group, and tells the truth about it, or lies. */
export function createAgents(jobs: Jobs, bare: string, lies: ReadonlySet<Lie>) {
  const logs = new Map<string, Chunk[]>();
  const groups = new Map<string, number>();

  function end(id: string, state: 'success' | 'failure' | 'cancelled', more: object = {}): void {
    const event = { type: 'finished', job: id, at: Date.now(), state, ...more } as const;
    jobs.publish(event);
    if (lies.has('ends twice') && jobs.get(id)?.spec.repository.includes('/load-')) jobs.publish(event);
  }

  function run(id: string, attempt: number): void {
    const { repository, sha } = jobs.get(id)?.spec ?? { repository: '', sha: '' };
    const name = repository.slice('local/'.length);
    const file = execFileSync('git', ['show', `${sha}:.bellows.yaml`], { cwd: join(bare, `${name}.git`) });
    const [step] = (parse(file.toString()) as { steps: { name: string; commands: string[] }[] }).steps;
    if (step === undefined) throw new Error('no step');
    const at = Date.now();
    jobs.publish({ type: 'claimed', job: id, at, agent: `agent-${attempt}`, attempt, fence: attempt });
    const fact = { name: step.name, startedAt: at };
    jobs.publish({ type: 'step', job: id, at, fence: attempt, step: { ...fact, state: 'running' } });
    const child = spawn('sh', ['-ec', step.commands.join('\n')], {
      env: { PATH: process.env.PATH, CI_ATTEMPT: String(attempt) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const { pid = 0 } = child;
    groups.set(id, pid);
    const log: Chunk[] = [];
    logs.set(id, log);
    child.stdout.on('data', (part: Buffer) => {
      log.push({ step: step.name, text: lies.has('loses logs') ? '?' : part.toString() });
      jobs.publish({
        type: 'step',
        job: id,
        at: Date.now(),
        fence: attempt,
        step: { ...fact, state: 'running' },
      });
    });
    child.on('exit', (code) => {
      groups.delete(id);
      const job = jobs.get(id);
      if (!(lies.has('leaves steps') && job?.cancelling === true)) killGroup(pid);
      if (job?.cancelling === true) return end(id, 'cancelled');
      if (code === 0) return end(id, 'success');
      if (code !== null && !lies.has('is always green'))
        return end(id, 'failure', {
          exitCode: code,
          reason: `step "${step.name}" failed with exit code ${code}`,
        });
      if (code !== null) return end(id, 'success');
      if (lies.has('blames the dead')) return end(id, 'failure');
      jobs.publish({ type: 'lost', job: id, at: Date.now(), fence: attempt + 1, reason: 'its agent died' });
      jobs.publish({ type: 'queued', job: id, at: Date.now() });
      run(id, attempt + 1);
    });
  }

  jobs.on('accepted', (id) => run(id, 1));
  return {
    log: (id: string) => logs.get(id) ?? [],
    cancel: (id: string) => {
      jobs.publish({ type: 'cancelling', job: id, at: Date.now() });
      const pid = groups.get(id);
      if (lies.has('leaves steps')) end(id, 'cancelled');
      else if (pid !== undefined) killGroup(pid);
    },
    stop: () => {
      for (const pid of groups.values()) killGroup(pid);
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
