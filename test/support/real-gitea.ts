import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPort, nobody } from './postgres.ts';
import { until } from './until.ts';

const run = promisify(execFile);

/** A Gitea of the version that is pinned; one that was built without its files needs them beside (`options`, `templates`). */
export const giteaBinary = process.env.BELLOWS_TEST_GITEA;
const staticRoot = process.env.BELLOWS_TEST_GITEA_STATIC;

export interface RealGitea {
  origin: string;
  /** Its own command, with its settings. @returns what it said */
  command(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/**
 * @param folder what is /var/lib/gitea in the image; whoever runs it owns it.
 * @param env of the chart's container, with the paths of this machine.
 */
export async function startGitea(folder: string, env: Readonly<Record<string, string>>): Promise<RealGitea> {
  if (giteaBinary === undefined) throw new Error('there is no Gitea');
  const binary = giteaBinary;
  const port = await findPort();
  const conf = `${folder}.conf`;
  await mkdir(conf, { recursive: true });
  const ini = join(conf, 'app.ini');
  // As the image's start does (docker/rootless/etc/templates/app.ini).
  await writeFile(
    ini,
    `RUN_USER = ${nobody.uid === undefined ? userInfo().username : 'nobody'}
WORK_PATH = ${folder}
[server]
APP_DATA_PATH = ${folder}
${staticRoot === undefined ? '' : `STATIC_ROOT_PATH = ${staticRoot}`}
[attachment]
PATH = ${folder}/data/attachments
[lfs]
PATH = ${folder}/git/lfs
`,
  );
  const where = { GITEA_WORK_DIR: folder, GITEA_CUSTOM: join(folder, 'custom'), HOME: join(folder, 'git') };
  const own = { PATH: process.env.PATH ?? '', USER: 'nobody', TMPDIR: conf, ...where };
  const origin = `http://127.0.0.1:${port}`;
  const settings = {
    ...env,
    GITEA__server__HTTP_PORT: String(port),
    GITEA__server__LOCAL_ROOT_URL: `${origin}/`,
    GITEA__server__ROOT_URL: `${origin}/`,
  };
  await mkdir(where.HOME, { recursive: true });
  await run(binary, ['config', 'edit-ini', '--config', ini, '--in-place', '--apply-env'], {
    env: { ...own, ...settings },
  });
  await run('chown', ['-R', `${nobody.uid ?? process.getuid?.()}`, folder, conf]);
  const database = Object.entries(env).filter(([name]) => name.startsWith('PG'));
  const options = { ...nobody, cwd: conf, env: { ...own, ...Object.fromEntries(database) } };
  const child = spawn(binary, ['-c', ini, 'web'], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => {
      said = (said + part.toString()).slice(-4000);
    });
  const exited = once(child, 'exit');
  await until(async () => {
    if (child.exitCode !== null) return true;
    return (await fetch(`${origin}/api/healthz`)).ok;
  }, 120_000);
  if (child.exitCode !== null) throw new Error(`Gitea ended: ${said}`);
  return {
    origin,
    command: async (...args) => (await run(binary, ['-c', ini, ...args], options)).stdout.trim(),
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
