import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { isGroupAlive } from '../../../services/core/execute/process-group.ts';
import { buildPrograms } from '../../../services/local/bundle/build.ts';
import { type AgentBench, openAgentBench } from '../../support/agent.ts';

let bench: AgentBench;
let folder: string;
let program: string;
// The files that a spawner starts: each has its own copy of what it shares with another.
beforeAll(async () => {
  const root = join(import.meta.dirname, '../../..');
  program = join(await buildPrograms(root, join(root, 'node_modules')), 'agent.cjs');
}, 60_000);
beforeEach(async () => {
  bench = await openAgentBench();
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-agent-'));
});
afterEach(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

/** The program itself, as a spawner starts it. */
async function start(env: Record<string, string> = {}): Promise<ChildProcessWithoutNullStreams> {
  const agent = spawn(process.execPath, [program], {
    env: {
      PATH: process.env.PATH,
      BELLOWS_URL: bench.url,
      BELLOWS_POOL: 'default',
      BELLOWS_AGENT: 'agent-1',
      BELLOWS_WORKSPACE: folder,
      ...env,
    },
  });
  agent.stdin.write(`${await bench.api.deps.claimTokens.issue('default')}\n`);
  return agent;
}

test('one request claims the job, and leaves before the program is loaded', async () => {
  const id = await bench.enqueue({ '.bellows.yaml': 'steps: [{commands: echo done}]' });
  let claims = 0;
  bench.setFault((request) => {
    if (request.url === '/api/v1/agent/claim') claims += 1;
    return false;
  });
  expect(await once(await start(), 'exit')).toEqual([0, null]);
  expect(await bench.job(id)).toMatchObject({ state: 'success' });
  expect(claims).toBe(1);
});

test.each([
  ['refused for now', 503, '{}'],
  ['no JSON', 200, '<html>'],
  ['no claim', 200, '{"job":"../.."}'],
])('a first answer that is %s is asked for again', async (_, status, body) => {
  const id = await bench.enqueue({ '.bellows.yaml': 'steps: [{commands: echo done}]' });
  let claims = 0;
  bench.setFault((request, response) => {
    if (request.url !== '/api/v1/agent/claim' || claims++ > 0) return false;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    return true;
  });
  expect(await once(await start(), 'exit')).toEqual([0, null]);
  expect(await bench.job(id)).toMatchObject({ state: 'success' });
  expect(claims).toBe(2);
});

test('a file that cannot be run is a failure, told by the part that runs steps', async () => {
  const id = await bench.enqueue({ '.bellows.yaml': 'steps: [{comands: x}]' });
  expect(await once(await start(), 'exit')).toEqual([0, null]);
  expect(await bench.job(id)).toMatchObject({
    state: 'failure',
    reason: expect.stringContaining('.bellows.yaml:1:10: unknown key "comands"'),
  });
});

/** A job that runs until it is ended, and the process group of its step. */
async function startLongJob() {
  const commands = ['echo $$ > "$HOME/group"; echo "is ready"; sleep 1000'];
  const id = await bench.enqueue({ '.bellows.yaml': JSON.stringify({ steps: { test: { commands } } }) });
  const agent = await start();
  await bench.untilLogged(id, '\nis ready\n');
  const group = Number(await readFile(join(folder, 'home', 'group'), 'utf8'));
  expect(isGroupAlive(group)).toBe(true);
  return { id, agent, group };
}

async function untilGone(group: number): Promise<void> {
  while (isGroupAlive(group)) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('the program runs a job and ends with 0, its token neither in its log nor in its arguments', async () => {
  const id = await bench.enqueue({ '.bellows.yaml': 'steps: [{commands: echo done}]' });
  const agent = await start();
  let log = '';
  agent.stdout.on('data', (part: Buffer) => {
    log += part;
  });
  expect(await once(agent, 'exit')).toEqual([0, null]);
  expect(await bench.job(id)).toMatchObject({ state: 'success' });
  expect(log).toContain('completed');
  expect(log).not.toMatch(/bj\.|Bearer/);
});

test('killed with -9, its steps end with it, and the job is not decided', async () => {
  const { id, agent, group } = await startLongJob();
  agent.kill('SIGKILL');
  await untilGone(group);
  expect((await bench.job(id)).state).toBe('running');
});

test.each(['SIGTERM', 'the end of its standard input'])(
  '%s ends the build, and asks for another attempt',
  async (how) => {
    const { id, agent, group } = await startLongJob();
    if (how === 'SIGTERM') agent.kill('SIGTERM');
    else agent.stdin.end();
    expect(await once(agent, 'exit')).toEqual([0, null]);
    await untilGone(group);
    expect(await bench.job(id)).toMatchObject({ state: 'delayed', reason: 'its agent was asked to stop' });
  },
);

test('a wrong setting is named, and ends it', async () => {
  const agent = await start({ BELLOWS_POOL: '../pool' });
  let errors = '';
  agent.stderr.on('data', (part: Buffer) => {
    errors += part;
  });
  const [code] = await once(agent, 'exit');
  expect(code).toBe(1);
  expect(errors).toContain('BELLOWS_POOL');
});
