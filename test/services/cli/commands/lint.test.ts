import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runCli } from '../cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-lint-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}
const run = (...words: string[]) =>
  runCli(words, { env: { PATH: process.env.PATH ?? '' }, cwd: folder, now: 0 });

const good = 'when: {event: push}\nsteps: [{commands: make}]\n';

describe('bellows lint', () => {
  test('looks at the files that a push would run, and ends with 1 for an error', async () => {
    await put({
      '.woodpecker/a.yaml': good,
      '.woodpecker/b.yml': 'steps: [{comands: x}]\n',
      'other.yaml': 'x',
    });
    expect(await run('lint')).toMatchObject({
      code: 1,
      stdout: '.woodpecker/b.yml:1:10: error: unknown key "comands" in step; did you mean "commands"?\n',
      stderr: 'bellows: 1 error\n',
    });
  });

  test('says that there is no problem, and passes with warnings unless they are to be strict', async () => {
    await put({ 'good.yaml': good, 'loose.yaml': good.replace('commands', 'image: x, commands') });
    expect(await run('lint', 'good.yaml')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '1 file: no problem\n',
    });
    expect(await run('lint', 'good.yaml', 'loose.yaml')).toMatchObject({ code: 0, stderr: '1 warning\n' });
    expect(await run('lint', '--strict', 'loose.yaml')).toMatchObject({
      code: 1,
      stderr: 'bellows: 1 warning\n',
    });
  });

  test('knows whether the workflows of a folder fit together', async () => {
    await put({ '.woodpecker/a.yaml': `${good}depends_on: [b]\n`, '.woodpecker/c.yaml': good });
    const { code, stdout } = await run('lint');
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^\.woodpecker\/a\.yaml:1:1: error: .*"b"/)]);
    expect((await run('lint', '.woodpecker/a.yaml')).code).toBe(0);
  });

  test('tells programs the same as JSON', async () => {
    await put({ '.bellows.yaml': 'steps: []\n' });
    const { code, stdout } = await run('lint', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      files: ['.bellows.yaml'],
      problems: [
        {
          severity: 'error',
          file: '.bellows.yaml',
          line: 1,
          column: 8,
          problem: 'steps: expected at least one step',
        },
      ],
    });
  });

  test('says where there is nothing to look at', async () => {
    expect(await run('lint')).toMatchObject({
      code: 1,
      stderr:
        'bellows: there is no pipeline file here. ./bellows init writes one, from what the folder holds\n',
    });
    expect((await run('lint', 'absent.yaml')).code).not.toBe(0);
  });

  test('knows patterns of `matches`', async () => {
    await put({ 'x.yaml': `when: {event: push, evaluate: 'CI_X matches "("'}\nsteps: [{commands: x}]\n` });
    expect((await run('lint', 'x.yaml')).stdout).toContain(
      'x.yaml:1:31: error: `evaluate`: "(" is no pattern of RE2',
    );
  });
});

describe('bellows init', () => {
  test('writes what was detected as a file that is without a problem and runs', async () => {
    await put({ 'package.json': '{"scripts": {"test": "echo tested"}}' });
    const { code, stdout, stderr } = await run('init');
    expect([code, stderr]).toEqual([0, 'wrote .bellows.yaml; try it: ./bellows run\n']);
    expect(await readFile(join(folder, '.bellows.yaml'), 'utf8')).toBe(stdout);
    expect(await run('lint')).toMatchObject({ code: 0, stderr: '1 file: no problem\n' });
    expect((await run('run')).stdout).toContain('tested');
  });

  test('overwrites nothing', async () => {
    await put({ 'package.json': '{"scripts": {"test": "x"}}', '.woodpecker.yml': good });
    expect(await run('init')).toMatchObject({
      code: 1,
      stderr: 'bellows: .woodpecker.yml is there already\n',
    });
    expect(await readdir(folder)).not.toContain('.bellows.yaml');
  });

  test('says what it would tell a project by', async () => {
    expect(await run('init')).toMatchObject({ code: 1 });
    expect((await run('init')).stderr).toContain('neither Cargo.toml, package.json');
  });
});
