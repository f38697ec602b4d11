import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Claim, Job, JobAnswer } from '../../../services/core/job/index.ts';
import { type AgentBench, openAgentBench } from '../../support/agent.ts';

let bench: AgentBench;
beforeEach(async () => {
  bench = await openAgentBench();
});
afterEach(() => bench.close());

const pipeline = (...commands: string[]) => ({
  '.bellows.yaml': JSON.stringify({ steps: { test: { commands } } }),
});
const steps = (job: Job) => job.steps.map(({ name, state }) => `${name} ${state}`);

describe('an agent', () => {
  test('takes one job, tells of each step, ships the exact log, and ends', async () => {
    const id = await bench.enqueue(
      pipeline('echo "hello $CI_REPO $CI_ATTEMPT $CI_PIPELINE_NUMBER"', "printf '\\377\\033[31m'"),
    );
    expect(await bench.agent()).toBe(0);
    const job = await bench.job(id);
    expect(job).toMatchObject({ state: 'success', attempt: 1 });
    expect(steps(job)).toEqual(['clone success', 'test success']);
    const response = await bench.api.admin(`/api/v1/jobs/${id}/log`);
    expect(Buffer.from(await response.arrayBuffer()).toString('latin1')).toBe(
      '+ echo "hello $CI_REPO $CI_ATTEMPT $CI_PIPELINE_NUMBER"\nhello a/b 1 1\n+ printf \'\\377\\033[31m\'\n\xff\x1b[31m',
    );
  });

  test('tells what it measured, and an older api nothing that it would refuse', async () => {
    const ask = async (id: string) =>
      (await bench.api.admin(`/api/v1/jobs/${id}`)).json() as Promise<JobAnswer>;
    const id = await bench.enqueue(pipeline('true'));
    await bench.agent();
    expect((await ask(id)).result).toEqual({
      cloneMs: expect.any(Number),
      steps: [expect.objectContaining({ name: 'test', ms: expect.any(Number), cpuMs: expect.any(Number) })],
    });
    const other = await bench.enqueue(pipeline('true'));
    const firstAnswer = (async () => {
      const token = await bench.api.deps.claimTokens.issue('default');
      const body = { pool: 'default', agent: 'older' };
      const claimed = await bench.api.ask('/api/v1/agent/claim', { method: 'POST', token, json: body });
      const { protocol: _, ...claim } = (await claimed.json()) as Claim;
      return claim;
    })();
    await bench.agent({ firstAnswer });
    expect((await ask(other)).job.state).toBe('success');
    expect(await ask(other)).not.toHaveProperty('result');
  });

  test('runs what the files that a push changed ask for, and knows the whole commit', async () => {
    const step = (path: string) => ({
      commands: 'echo "$CI_PIPELINE_FILES $CI_COMMIT_AUTHOR_EMAIL $CI_STEP_NUMBER $CI_PIPELINE_STATUS"',
      when: { path },
    });
    const files = {
      '.bellows.yaml': JSON.stringify({ steps: { docs: step('docs/**'), code: step('src/**') } }),
    };
    const before = await bench.forge.commit('a/b', files);
    await bench.forge.commit('a/b', { ...files, 'src/a': '1' });
    const id = await bench.enqueue({ ...files, 'src/a': '1', 'src/b': '2' }, { before });
    await bench.agent();
    expect(steps(await bench.job(id))).toEqual(['clone success', 'docs skipped', 'code success']);
    const log = await (await bench.api.admin(`/api/v1/jobs/${id}/log`)).text();
    expect(log).toContain('["src/a","src/b"] ada@example.org 2 success\n');
  });

  test('ends at once where no job waits', async () => {
    expect(await bench.agent()).toBe(0);
  });

  test('with a token that opens nothing claims nothing', async () => {
    await expect(bench.agent({ token: Promise.resolve('wrong') })).rejects.toThrow();
  });

  test('says that it has claimed by a file', async () => {
    const id = await bench.enqueue(pipeline('true'));
    const folder = await mkdtemp(join(tmpdir(), 'bellows-test-claimed-'));
    const config = {
      BELLOWS_URL: 'http://unused',
      BELLOWS_POOL: 'default',
      BELLOWS_AGENT: 'a',
      BELLOWS_PREFER: id,
      BELLOWS_WORKSPACE: await mkdtemp(join(folder, 'work-')),
      BELLOWS_CLAIMED_FILE: join(folder, 'claimed'),
      BELLOWS_LOG_LEVEL: 'error',
      BELLOWS_ENGINE: 'process',
    } as const;
    expect(await bench.agent({ config })).toBe(0);
    expect(await readFile(join(folder, 'claimed'), 'utf8')).toBe(id);
    expect((await readdir(config.BELLOWS_WORKSPACE)).sort()).toEqual(['home', 'scripts', 'tree']);
    await rm(folder, { recursive: true });
  });

  test('ships a log of many chunks without losing or doubling a byte', async () => {
    const id = await bench.enqueue(pipeline('seq 1 60000'));
    await bench.agent();
    const numbers = Array.from({ length: 60_000 }, (_, i) => `${i + 1}\n`).join('');
    expect(await bench.log(id)).toBe(`+ seq 1 60000\n${numbers}`);
  });
});

describe('what the author did', () => {
  test('a failing command is a failure with its exit code', async () => {
    const id = await bench.enqueue(pipeline('exit 7'));
    expect(await bench.agent()).toBe(0);
    expect(await bench.job(id)).toMatchObject({
      state: 'failure',
      exitCode: 7,
      reason: 'step "test" failed with exit code 7',
    });
  });

  test('a broken pipeline file is a failure that says where, in the log too', async () => {
    const id = await bench.enqueue({ '.bellows.yaml': 'steps:\n  - name: a\n    comands: x' });
    await bench.agent();
    const reason = '.bellows.yaml:3:5: unknown key "comands" in step; did you mean "commands"?';
    expect(await bench.job(id)).toMatchObject({ state: 'failure', reason });
    expect(await bench.log(id)).toBe(`${reason}\n`);
  });

  test('a commit that was pushed away is a failure', async () => {
    const id = await bench.enqueue(pipeline('true'), { sha: '1'.repeat(40) });
    await bench.agent();
    const job = await bench.job(id);
    expect(job).toMatchObject({
      state: 'failure',
      reason: 'commit 111111111111 is not in refs/heads/main any more',
    });
    expect(steps(job)).toEqual(['clone failure']);
  });

  test('a file that leaves out this event is skipped', async () => {
    const id = await bench.enqueue({ '.bellows.yaml': 'when: {event: tag}\nsteps: [{commands: a}]' });
    await bench.agent();
    expect(await bench.job(id)).toMatchObject({
      state: 'skipped',
      reason: '`when` of .bellows.yaml leaves out push on main',
    });
  });

  test('without a file what was detected is said and run', async () => {
    const id = await bench.enqueue({ 'package.json': '{"scripts": {"test": "echo tested"}}' });
    await bench.agent();
    const log = await bench.log(id);
    expect(log).toContain('No pipeline file. Found package.json, so this runs:\n  npm: npm run test\n');
    expect(log).toContain('+ npm run test\n');
  });

  test('of several workflows the first runs, and each other becomes a job', async () => {
    const text = 'steps: [{commands: echo $CI_WORKFLOW_NAME}]';
    const id = await bench.enqueue({ '.woodpecker/b.yml': text, '.woodpecker/a.yml': text });
    await bench.agent();
    expect(await bench.log(id)).toContain('\na\n');
    const { jobs } = (await (await bench.api.admin('/api/v1/jobs')).json()) as { jobs: Job[] };
    const other = jobs.find((job) => job.id !== id);
    expect(other).toMatchObject({ state: 'queued', spec: { workflow: 'b' } });
    expect(await bench.job(id)).toMatchObject({ workflow: 'a' });
    await bench.agent();
    expect(await bench.log(other?.id ?? '')).toContain('\nb\n');
  });

  test('the first of several runs alone where its pipeline has the others already', async () => {
    const text = 'steps: [{commands: echo $CI_WORKFLOW_NAME}]';
    const files = { '.woodpecker/b.yml': text, '.woodpecker/a.yml': text };
    const id = await bench.enqueue(files, { expanded: true });
    await bench.agent();
    expect(await bench.log(id)).toContain('\na\n');
    const { jobs } = (await (await bench.api.admin('/api/v1/jobs')).json()) as { jobs: Job[] };
    expect(
      jobs.filter(({ pipeline }) => pipeline === jobs.find((job) => job.id === id)?.pipeline),
    ).toHaveLength(1);
  });
});

describe('an agent that is to end its build', () => {
  test('after a cancel ends the whole process group, and the job is cancelled', async () => {
    const id = await bench.enqueue(pipeline('sleep 1000 & echo is ready; wait', 'echo never'));
    const ended = bench.agent();
    await bench.untilLogged(id, '\nis ready\n');
    await bench.api.admin(`/api/v1/jobs/${id}/cancel`, { method: 'POST' });
    expect(await ended).toBe(0);
    const job = await bench.job(id);
    expect(job.state).toBe('cancelled');
    expect(steps(job)).toEqual(['clone success', 'test cancelled']);
  });

  test('after the time limit says so', async () => {
    const id = await bench.enqueue(pipeline('sleep 1000'), { timeLimitMs: 400 });
    expect(await bench.agent()).toBe(0);
    expect(await bench.job(id)).toMatchObject({
      state: 'timeout',
      reason: 'it ran longer than its limit of 0.4 s',
    });
  });

  test('when it is asked to stop is infra trouble: another attempt, never red', async () => {
    const stop = new AbortController();
    const id = await bench.enqueue(pipeline('echo is ready; sleep 1000'));
    const ended = bench.agent({ stop: stop.signal });
    await bench.untilLogged(id, '\nis ready\n');
    stop.abort();
    expect(await ended).toBe(0);
    expect(await bench.job(id)).toMatchObject({ state: 'delayed', reason: 'its agent was asked to stop' });
  });

  test('after its job was given to another stops without a word, and says so by its exit code', async () => {
    const id = await bench.enqueue(pipeline('echo is ready; sleep 1000'));
    const ended = bench.agent();
    await bench.untilLogged(id, '\nis ready\n');
    const response = await bench.api.ask('/api/v1/agents/agent-1/lost', {
      method: 'POST',
      token: bench.api.tokens.launcher,
      json: { reason: 'a test' },
    });
    expect(response.status).toBeLessThan(300);
    expect(await ended).toBe(3);
    expect((await bench.job(id)).state).not.toBe('failure');
  });
});

describe('an api that comes and goes', () => {
  test('is asked again until it answers, and no chunk, fact or outcome is lost or doubled', async () => {
    const id = await bench.enqueue(pipeline('seq 1 30000', 'echo end'));
    let n = 0;
    bench.setFault((request, response) => {
      n += 1;
      if (n % 3 === 1) response.writeHead(503).end();
      else if (n % 3 === 2) request.destroy();
      return n % 3 !== 0;
    });
    const exitCode = await bench.agent();
    bench.setFault(undefined);
    expect(exitCode).toBe(0);
    const job = await bench.job(id);
    expect(job.state).toBe('success');
    expect(steps(job)).toEqual(['clone success', 'test success']);
    const numbers = Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n`).join('');
    expect(await bench.log(id)).toBe(`+ seq 1 30000\n${numbers}+ echo end\nend\n`);
  });

  test('that loses its answers is told everything twice, and counts it once', async () => {
    const id = await bench.enqueue(pipeline('seq 1 30000'));
    const seen = new Map<string, number>();
    bench.setFault((request, response) => {
      const times = (seen.get(request.url ?? '') ?? 0) + 1;
      seen.set(request.url ?? '', times);
      // The request is handled, and its answer never arrives.
      if (times === 1 && /log|complete/.test(request.url ?? '')) response.end = () => response.destroy();
      return false;
    });
    expect(await bench.agent()).toBe(0);
    bench.setFault(undefined);
    expect([...seen].some(([url, times]) => url.includes('/log/') && times > 1)).toBe(true);
    const numbers = Array.from({ length: 30_000 }, (_, i) => `${i + 1}\n`).join('');
    expect(await bench.log(id)).toBe(`+ seq 1 30000\n${numbers}`);
    expect((await bench.job(id)).state).toBe('success');
  });

  test('does not stop the build when it refuses the log', async () => {
    const id = await bench.enqueue(pipeline('seq 1 500000', 'echo end'));
    bench.setFault((request, response) => {
      const isLog = request.url?.includes('/log/') === true;
      if (isLog) response.writeHead(413).end();
      return isLog;
    });
    expect(await bench.agent()).toBe(0);
    bench.setFault(undefined);
    expect((await bench.job(id)).state).toBe('success');
  });

  test('does not stop the build when it has no room for the log', async () => {
    await bench.close();
    bench = await openAgentBench({ leaseMs: 600 });
    const id = await bench.enqueue(pipeline('seq 1 500000', 'echo end'));
    bench.setFault((request, response) => {
      const isLog = request.url?.includes('/log/') === true;
      if (isLog) response.writeHead(507).end();
      return isLog;
    });
    expect(await bench.agent()).toBe(0);
    bench.setFault(undefined);
    expect((await bench.job(id)).state).toBe('success');
  });

  test('is not told of a success while it takes no news of the other workflows: nobody would run them', async () => {
    const text = 'steps: [{commands: "true"}]';
    const id = await bench.enqueue({ '.woodpecker/b.yml': text, '.woodpecker/a.yml': text });
    bench.setFault((request, response) => {
      const isNews = request.url?.endsWith('/workflows') === true;
      if (isNews) response.writeHead(400).end();
      return isNews;
    });
    expect(await bench.agent()).toBe(0);
    bench.setFault(undefined);
    expect((await bench.job(id)).state).toBe('delayed');
  });

  test('a forge that is away is infra trouble', async () => {
    const id = await bench.enqueue(pipeline('true'));
    const { sha } = (await bench.job(id)).spec;
    expect(sha).toHaveLength(40);
    await bench.forge.git('a/b', 'config', 'http.uploadpack', 'false');
    expect(await bench.agent()).toBe(0);
    expect(await bench.job(id)).toMatchObject({
      state: 'delayed',
      reason: expect.stringContaining('the repository cannot be fetched'),
    });
  });
});
