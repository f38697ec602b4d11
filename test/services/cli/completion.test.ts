import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from '@jest/globals';
import { jobStates } from '../../../services/core/job/index.ts';
import { runCli } from './cli.ts';

let script: string;
beforeAll(async () => {
  script = (await runCli(['completion', 'bash'])).stdout;
});

/** What a real bash offers for the last of these words. */
async function complete(...words: string[]): Promise<string[]> {
  const text = `${script}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_bellows
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', text, 'bash', ...words]);
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash offers commands, the commands of a command, and options', async () => {
  expect(await complete('./bellows', 'jo')).toEqual(['jobs', 'job']);
  expect(await complete('bellows', 'repo', 'a')).toEqual(['add']);
  expect(await complete('bellows', 'repo', 'add', 'gitea/me/app', '--d')).toEqual(['--default-branch']);
  expect(await complete('bellows', 'completion', '')).toEqual(
    expect.arrayContaining(['bash', 'zsh', 'fish']),
  );
});

test('bash offers the values of an option, and no options where a value is due', async () => {
  expect(await complete('bellows', 'jobs', '--state', '')).toEqual([...jobStates]);
  expect(await complete('bellows', 'jobs', '-s', 'que')).toEqual(['queued']);
  expect(await complete('bellows', 'jobs', '--branch', '')).toEqual([]);
});

test('a word that is an argument does not lead to another command', async () => {
  expect(await complete('bellows', 'job', 'repo', '--')).toEqual(['--json', '--help']);
});

test.each(['zsh', 'fish'])('%s is told of the same commands and options', async (shell) => {
  const { code, stdout } = await runCli(['completion', shell]);
  expect(code).toBe(0);
  for (const word of ['jobs', 'repo', 'default-branch', 'cancelled', 'print a job'])
    expect(stdout).toContain(word);
});

test('a shell that is not known is refused with those that are', async () => {
  expect(await runCli(['completion', 'tcsh'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Allowed choices are bash, zsh, fish'),
  });
});
