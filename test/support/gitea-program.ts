import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from './until.ts';

/** The program, where the tests are told of one; `…_FILES` has its templates, where it was built without them. */
const { BELLOWS_TEST_GITEA: program, BELLOWS_TEST_GITEA_FILES: files } = process.env;
export const giteaIsHere = program !== undefined && existsSync(program);

/** A real Gitea on loopback, with SQLite in a folder of its own; gone when it is closed. */
export async function openRealGitea() {
  if (program === undefined) throw new Error('BELLOWS_TEST_GITEA names no program');
  const home = mkdtempSync(join(tmpdir(), 'bellows-gitea-'));
  for (const folder of ['conf', 'data', 'static']) mkdirSync(join(home, folder));
  if (files !== undefined) cpSync(files, join(home, 'static'), { recursive: true });
  const port = await findPort();
  const origin = `http://127.0.0.1:${port}`;
  const conf = join(home, 'conf', 'app.ini');
  writeFileSync(
    conf,
    `RUN_USER = ${userInfo().username}
RUN_MODE = prod
WORK_PATH = ${home}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = ${origin}/
STATIC_ROOT_PATH = ${join(home, 'static')}
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = true
[database]
DB_TYPE = sqlite3
PATH = ${join(home, 'data', 'gitea.db')}
[security]
INSTALL_LOCK = true
[service]
REQUIRE_SIGNIN_VIEW = true
[webhook]
ALLOWED_HOST_LIST = loopback
[migrations]
ALLOW_LOCALNETWORKS = true
[actions]
ENABLED = false
[log]
MODE = console
LEVEL = Warn
`,
  );
  const env = { PATH: process.env.PATH, HOME: home, USER: userInfo().username, GITEA_WORK_DIR: home };
  const run = async (...args: string[]) =>
    (await promisify(execFile)(program, ['-c', conf, ...args], { env, timeout: 60_000 })).stdout.trim();
  const child = spawn(program, ['-c', conf, 'web'], { env, stdio: 'ignore' });
  const close = async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(home, { recursive: true });
  };
  try {
    await until(
      async () => (await fetch(`${origin}/api/healthz`).catch(() => undefined))?.status === 200,
      60_000,
    );
  } catch (error) {
    await close();
    throw error;
  }
  return {
    origin,
    /** As the first container of the Job makes it. */
    async addAdministrator(name: string): Promise<string> {
      await run(
        'admin',
        'user',
        'create',
        '--admin',
        '--username',
        name,
        '--email',
        `${name}@noreply.invalid`,
        '--random-password',
        '--must-change-password=false',
      );
      const said = await run(
        'admin',
        'user',
        'generate-access-token',
        '--username',
        name,
        '--token-name',
        'setup-1',
        '--scopes',
        'all',
        '--raw',
      );
      return said.split('\n').at(-1) ?? '';
    },
    close,
  };
}

/** One that is free now. */
export async function findPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
