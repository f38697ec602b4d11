import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createReaper, type Reaper } from '../../../../services/core/execute/index.ts';
import { type AgentOptions, startAgent } from '../../../../services/local/spawner/agent-process.ts';
import { endUser } from '../../../../services/local/spawner/step-users.ts';

let folder: string;
let reaper: Reaper;
let options: AgentOptions;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-'));
  reaper = createReaper();
  options = {
    reaper,
    node: process.execPath,
    program: join(folder, 'agent.mjs'),
    api: 'http://127.0.0.1:1',
    path: '/usr/bin:/bin',
    tools: {},
    pool: 'default',
    workspaces: join(folder, 'workspaces'),
    uid: process.getuid?.() ?? 0,
    hide: folder,
    engine: 'process',
    given: {},
    compileCache: join(folder, 'cache'),
    logFile: join(folder, 'agents.log'),
    logLevel: 'info',
  };
});
afterEach(async () => {
  await reaper.stop();
  await rm(folder, { recursive: true });
});

const program = (text: string) => writeFile(options.program, text);

test('an agent gets its token on a pipe, an own folder, and nothing of our environment', async () => {
  await program(`
    process.stdin.once('data', (text) => {
      console.log(JSON.stringify({ text: String(text), cwd: process.cwd(), env: process.env, argv: process.argv.slice(2) }));
      process.exit(0);
    });`);
  process.env.BELLOWS_TEST_SECRET = 'x';
  const agent = await startAgent(options, 'default-0-abc', 0);
  agent.send('bc.token');
  delete process.env.BELLOWS_TEST_SECRET;
  expect(await agent.ended).toEqual({ code: 0, signal: null });
  const said = JSON.parse(await readFile(options.logFile, 'utf8'));
  expect(said.text).toBe('bc.token\n');
  expect(said.argv).toEqual([]);
  expect(said.cwd).toBe(join(options.workspaces, 'slot-0'));
  expect(said.env).toMatchObject({
    BELLOWS_URL: options.api,
    BELLOWS_AGENT: 'default-0-abc',
    BELLOWS_WORKSPACE: said.cwd,
  });
  expect(JSON.stringify(said.env)).not.toMatch(/bc\.token|BELLOWS_TEST_SECRET/);
  expect(await readdir(options.workspaces, { recursive: true })).toEqual(['slot-0']);
});

test('its standard input stays open for its life, so that its end means ours', async () => {
  await program(
    `process.stdin.on('end', () => process.exit(3)); process.stdin.resume(); setTimeout(() => process.exit(0), 300);`,
  );
  const agent = await startAgent(options, 'a', 0);
  agent.send('bc.token');
  expect(await agent.ended).toEqual({ code: 0, signal: null });
});

test('agents of a slot work in the same folder; where something is left there, elsewhere; all are told where steps see it', async () => {
  await program(`console.log(process.cwd(), process.env.BELLOWS_PLACE);`);
  for (const name of ['a', 'b']) await (await startAgent(options, name, 1)).ended;
  await mkdir(join(options.workspaces, 'slot-1', 'left'), { recursive: true });
  await (await startAgent(options, 'c', 1)).ended;
  await (await startAgent(options, 'd', 0)).ended;
  const at = (name: string) => join(options.workspaces, name);
  const lines = ['slot-1', 'slot-1', 'c'].map((name) => `${at(name)} ${at('slot-0')}`);
  expect((await readFile(options.logFile, 'utf8')).trim().split('\n')).toEqual([
    ...lines,
    `${at('slot-0')} undefined`,
  ]);
});

test('an agent that is not needed ends at once, without a signal', async () => {
  await program(`process.stdin.on('end', () => process.exit(0)).resume();`);
  const agent = await startAgent(options, 'a', 0);
  agent.dismiss();
  expect(await agent.ended).toEqual({ code: 0, signal: null });
  expect(await readdir(options.workspaces, { recursive: true })).toEqual(['slot-0']);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot('as root each slot has a user of its own, and what that user leaves running is ended', async () => {
  const uid = 59_321;
  const left = spawn('sleep', ['300'], { uid, gid: uid, stdio: 'ignore', detached: true });
  const ended = once(left, 'exit');
  await program(`console.log(process.env.BELLOWS_STEP_UID);`);
  const agent = await startAgent({ ...options, stepUids: uid - 1 }, 'a', 1);
  await agent.ended;
  expect(await readFile(options.logFile, 'utf8')).toBe(`${uid}\n`);
  expect((await ended)[1]).toBe('SIGKILL');
  await endUser(uid); // nobody there
  expect((await stat(folder)).uid).toBe(0);
});
