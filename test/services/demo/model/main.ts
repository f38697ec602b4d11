/**
 * A Bellows that is none: it looks like `bellows up` from outside, in memory, without fences, leases or
 * scripts, and breaks its promises where MODEL_LIES says so. By it the demo shows that it sees both.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBareRemote } from '../../../../services/demo/bare-remote.ts';
import { createAgents } from './agents.ts';
import { openModelApi } from './api.ts';
import { createJobs } from './jobs.ts';
import type { Lie } from './lies.ts';

/** Those that the demo pushes to. */
const repositories = [
  ...['passes', 'fails', 'cancelled', 'survives', 'hooked', 'forged', 'times', 'orphaned'],
  ...['load-1', 'load-2', 'load-3', 'load-4', 'load-5', 'load-6'],
];

const args = process.argv.slice(2);
if (args[0] === '--hook') await tellOfMoves(args[1] ?? '');
else await up();

/** post-receive: what moved, to the model. */
async function tellOfMoves(url: string): Promise<void> {
  const repository = `local/demo/${/([^/]+)\.git$/.exec(process.cwd())?.[1]}`;
  for (const line of readFileSync(0, 'utf8').trim().split('\n')) {
    const [, sha, ref] = line.split(' ');
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ repository, ref, sha }) });
    process.stdout.write(`${await response.text()}\n`);
  }
}

async function up(): Promise<void> {
  const option = (name: string) => args[args.indexOf(name) + 1] ?? '';
  const data = option('--data');
  const port = Number(option('--port'));
  const lies = new Set((process.env.MODEL_LIES ?? '').split(',') as Lie[]);
  const secret = 'w'.repeat(43);
  const bare = join(data, 'git');
  for (const folder of ['git/demo', 'secrets', 'run']) mkdirSync(join(data, folder), { recursive: true });
  writeFileSync(join(data, 'secrets', 'webhook-local'), `${secret}\n`);
  writeFileSync(join(data, 'secrets', 'redis-password'), 'password\n');
  for (const name of repositories) makeRepository(join(bare, 'demo', `${name}.git`), port);

  const children = new Set<ChildProcess>();
  let stopping = false;
  const keep = (command: string, words: string[]): (() => void) => {
    const child = spawn(command, words, { cwd: data, stdio: 'ignore' });
    children.add(child);
    let kill = () => {
      child.kill('SIGKILL');
    };
    child.on('exit', () => {
      children.delete(child);
      if (!stopping) kill = keep(command, words);
    });
    return () => kill();
  };
  const socket = join(data, 'run', 'redis.sock');
  writeFileSync(
    join(data, 'redis.conf'),
    `port 0\nunixsocket ${socket}\nsave ""\nuser api on >password ~* +@all\n`,
  );
  keep('redis-server', [join(data, 'redis.conf')]);
  writeFileSync(join(data, 'api.mjs'), 'setInterval(() => {}, 1000);\n');
  const killApi = keep(process.execPath, [join(data, 'api.mjs')]);

  const jobs = createJobs();
  const agents = createAgents(jobs, bare, lies);
  const close = await openModelApi({
    port,
    secret,
    jobs,
    agents,
    lies,
    onMoved: (movement) => {
      if (process.env.BELLOWS_CRASH?.endsWith(movement.repository.slice('local/'.length)) === true) {
        killApi();
        if (lies.has('runs twice after a crash')) jobs.accept(movement, 'again');
      }
      return jobs.accept(movement).id;
    },
  });
  const remote = await openBareRemote(bare, { PATH: process.env.PATH ?? '' });
  const address = { api: `http://127.0.0.1:${port}`, git: remote.url, token: 'token' };
  writeFileSync(join(data, 'client.json'), JSON.stringify(address));
  process.stdout.write(`Bellows is up\n  git config credential.${remote.url}.helper /bin/true\n`);
  process.stdout.write(`  git push ${remote.url}/you/project.git HEAD\n`);
  if (lies.has('keeps an agent')) setTimeout(() => keep('sleep', ['3006']), 1000);

  process.on('SIGINT', async () => {
    stopping = true;
    agents.stop();
    close();
    for (const child of children) child.kill('SIGKILL');
    if (lies.has('leaves a process'))
      spawn('sleep', ['5'], { cwd: data, stdio: 'ignore', detached: true }).unref();
    await remote.close();
    process.exit(lies.has('leaves a process') ? 3 : 0);
  });
}

function makeRepository(folder: string, port: number): void {
  execFileSync('git', ['init', '--quiet', '--bare', folder]);
  execFileSync('git', ['config', 'http.receivepack', 'true'], { cwd: folder });
  const hook = join(folder, 'hooks', 'post-receive');
  const words = [process.execPath, import.meta.filename, '--hook', `http://127.0.0.1:${port}/moved`];
  writeFileSync(hook, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')}\n`);
  chmodSync(hook, 0o755);
}
