import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ask } from '../../../services/platform/ask.ts';
import { createPlatform, FolderError } from '../../../services/platform/create.ts';
import type { Answers } from '../../../services/platform/files.ts';
import { NoPlatformError, readDependency, toNewest, toPins } from '../../../services/platform/pinned.ts';
import { RunError, read, run } from '../../../services/platform/run.ts';
import { DirtyError, upgradePlatform } from '../../../services/platform/upgrade.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const answers: Answers = { cluster: 'lab', domain: 'lab.arpa', arch: 'arm64', agents: 3, source: undefined };
const note = () => undefined;

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'bellows-platform-'));
});
afterEach(() => rm(scratch, { recursive: true }));

/** As npm would install it from an archive, but for the packages that are here already. */
async function install(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  for (const name of [
    'cdk8s',
    'cdk8s-plus-28',
    'constructs',
    'esbuild',
    'tsx',
    'yaml',
    'zod',
    'commander',
    '@marcbachmann',
  ])
    await symlink(join(root, 'node_modules', name), join(modules, name));
  await symlink(join(root, 'node_modules', '.bin', 'tsx'), join(modules, '.bin', 'tsx'));
  await symlink(process.execPath, join(modules, '.bin', 'node'));
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: string[] };
  for (const path of [...files, 'package.json'])
    await cp(join(root, path), join(modules, 'bellows', path), { recursive: true });
}

async function inside(folder: string, command: string, ...args: string[]) {
  // As npm runs a script: the pinned Node comes first.
  const path = `${join(folder, 'node_modules', '.bin')}:${process.env.PATH}`;
  const env = { PATH: path, HOME: scratch, GIT_CONFIG_NOSYSTEM: '1', NO_COLOR: '1' };
  return execute(join(folder, 'node_modules', command), args, { cwd: folder, env }).catch(
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

/** As `cdk8s synth` does. */
async function synth(folder: string): Promise<string> {
  const [, app = ''] = /^app: (.*)$/m.exec(await readFile(join(folder, 'cdk8s.yaml'), 'utf8')) ?? [];
  const path = `${join(folder, 'node_modules', '.bin')}:${process.env.PATH}`;
  return (await execute('sh', ['-c', app], { cwd: folder, env: { PATH: path, HOME: scratch } })).stderr;
}

test("the guide's wiki stands beside all of Bellows, is checked, explained and part of the diff", async () => {
  const folder = join(scratch, 'platform');
  await createPlatform(answers, { folder, root, bellows: 'file:../bellows', install: false, note });
  await install(folder);
  expect(await synth(folder)).toBe('');
  expect(existsSync(join(folder, 'dist/clusters/lab/services/api.yaml'))).toBe(true);
  const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.org'];
  await execute('git', ['add', '--all', '--', 'dist'], { cwd: folder });
  await execute('git', [...author, 'commit', '-qm', 'Begin'], { cwd: folder });

  const guide = await readFile(join(root, 'docs', 'guides', 'own-platform.md'), 'utf8');
  for (const [, path = '', text = ''] of guide.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  expect(await synth(folder)).toBe('');
  expect(await readFile(join(folder, 'dist/clusters/lab/wiki/wiki.yaml'), 'utf8')).toContain('nginx:1.29.3');
  // What its pipeline says of a dist/ that was not committed: a file that is new is no smaller a difference.
  const pipeline = await readFile(join(folder, '.bellows.yaml'), 'utf8');
  const [, compare = ''] = /^ +- (.*git diff --exit-code dist.*)$/m.exec(pipeline) ?? [];
  await expect(execute('sh', ['-c', compare], { cwd: folder })).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/\+\+\+ b\/dist\/clusters\/lab\/wiki\/wiki\.yaml.*dist\/ is stale/s),
  });
  expect(await inside(folder, 'bellows/bellows', 'check')).toMatchObject({
    stderr: expect.stringMatching(/^\d+ objects, \d+ rules: \d+ to weigh\n$/),
  });
  const { stdout } = await inside(folder, 'bellows/bellows', 'diff', '--json');
  const report = JSON.parse(stdout) as { edits: { kind: string; object: string }[] };
  expect(report.edits.map(({ kind, object }) => `${kind} ${object}`).sort()).toEqual([
    'added Deployment ci/wiki',
    'added Kustomization flux-system/wiki',
    'added NetworkPolicy ci/api-to-wiki-in',
    'added NetworkPolicy ci/api-to-wiki-out',
    'added Service ci/wiki',
    'added ServiceAccount ci/wiki',
  ]);
  const explained = await inside(folder, 'bellows/bellows', 'explain', 'Deployment', 'ci/wiki');
  expect(explained.stdout).toContain('charts/wiki.ts:');
});

test('a folder that is used is refused before anything is written', async () => {
  await writeFile(join(scratch, 'mine'), '');
  await expect(createPlatform(answers, { folder: scratch, root, install: false, note })).rejects.toEqual(
    new FolderError(`${scratch} is not empty; expected a folder that is new`),
  );
  await expect(
    createPlatform(answers, { folder: join(scratch, 'mine'), root, install: false, note }),
  ).rejects.toThrow('cannot be used');
});

test('what was given is not asked, an empty answer is the default, and a wrong one is asked again', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = new PassThrough();
  const answered = ask({ folder: 'x', install: true, domain: 'given.arpa' }, stdin, stdout);
  let said = '';
  stdout.on('data', (part: Buffer) => {
    said += part;
    const last = said.split('\n').at(-1) ?? '';
    if (last.startsWith('Name')) stdin.write(said.includes('Expected 1 to 40') ? 'lab\n' : 'Not A Name\n');
    else if (last.startsWith('Architecture'))
      stdin.write(said.includes('Expected amd64') ? 'arm64\n' : 'mips\n');
    else if (last.startsWith('Agents')) stdin.write('\n');
  });
  expect(await answered).toEqual({
    cluster: 'lab',
    domain: 'given.arpa',
    arch: 'arm64',
    agents: 4,
    source: undefined,
  });
});

test('where nobody can answer, defaults are taken', async () => {
  expect(await ask({ folder: 'x', install: true, agents: 9 }, new PassThrough(), new PassThrough())).toEqual({
    cluster: 'home',
    domain: 'home.arpa',
    arch: 'amd64',
    agents: 9,
    source: undefined,
  });
});

test('a clone pins its commit where its origin has it, and its folder where not', async () => {
  const clone = join(scratch, 'clone');
  const git = (...args: string[]) =>
    execute('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: clone });
  await mkdir(clone);
  await writeFile(
    join(clone, 'package.json'),
    JSON.stringify({ version: '1.0.0', devDependencies: { tsx: '4.0.0', 'cdk8s-cli': '2.0.0' } }),
  );
  expect(await toPins(clone, undefined)).toEqual({
    bellows: `file:${clone}`,
    tsx: '4.0.0',
    cdk8sCli: '2.0.0',
  });
  await git('init', '-q');
  await git('add', '.');
  await git('commit', '-qm', 'one');
  await git('remote', 'add', 'origin', 'https://git.example.org/bellows.git');
  expect((await toPins(clone, undefined)).bellows).toBe(`file:${clone}`);
  await git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  const { stdout } = await git('rev-parse', 'HEAD');
  expect((await toPins(clone, undefined)).bellows).toBe(
    `git+https://git.example.org/bellows.git#${stdout.trim()}`,
  );
  expect((await toPins(clone, '0.2.0')).bellows).toBe('0.2.0');
  expect(await toNewest(`git+file://${clone}#0000`)).toBe(`git+file://${clone}#${stdout.trim()}`);
  expect([await toNewest('0.1.0'), await toNewest('file:../x')]).toEqual(['latest', 'file:../x']);
});

test('an upgrade begins in a platform repository in which nothing is left to commit', async () => {
  await expect(readDependency(scratch)).rejects.toThrow(NoPlatformError);
  const folder = join(scratch, 'platform');
  await createPlatform(answers, { folder, root, bellows: '0.1.0', install: false, note });
  expect(await readDependency(folder)).toBe('0.1.0');
  await expect(upgradePlatform(folder, undefined, note)).rejects.toThrow(DirtyError);
});

test('a program that fails or is missing is said with what to do', async () => {
  await expect(run(scratch, 'git', ['status'], 'mend that')).rejects.toEqual(
    new RunError(`git status failed in ${scratch}; mend that`),
  );
  await expect(run(scratch, 'no-such-program', [], '')).rejects.toThrow(
    'no-such-program cannot be run; install it, then run this again',
  );
  expect(await read(scratch, 'git', ['rev-parse', 'HEAD'])).toBeUndefined();
});
