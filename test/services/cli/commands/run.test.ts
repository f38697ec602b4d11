import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parsePipeline } from '../../../../services/core/pipeline/index.ts';
import { until } from '../../../support/until.ts';
import { type CliOptions, runCli } from '../cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-run-'));
});
afterEach(() => rm(folder, { recursive: true }));

const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', USER: 'ada', SECRET: 'of the user' };

async function put(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}
const run = (words: string[] = [], options: CliOptions = {}) =>
  runCli(['run', ...words], { env, cwd: folder, now: 0, ...options });

test('steps print on stdout, facts on stderr; a failing one skips the rest and exits with 1', async () => {
  await put({
    '.bellows.yaml': `steps:
  - { name: one, commands: echo one > made; cat made }
  - { name: may-fail, commands: exit 4, failure: ignore }
  - { name: two, commands: [echo two, exit 3] }
  - { name: three, commands: echo three }
`,
  });
  const { code, stdout, stderr } = await run();
  expect(stdout).toBe('+ echo one > made; cat made\none\n+ exit 4\n+ echo two\ntwo\n+ exit 3\n');
  expect(stderr).toBe(
    [
      'one: running',
      'one: success in 0.0s',
      'may-fail: running',
      'may-fail: failure in 0.0s, exit code 4',
      'two: running',
      'two: failure in 0.0s, exit code 3',
      'three: skipped',
      'bellows: step "two" failed with exit code 3',
      '',
    ].join('\n'),
  );
  expect(code).toBe(1);
  expect(await readdir(folder)).toEqual(expect.arrayContaining(['made']));
});

test('a step sees the variables of CI, and neither the environment nor the home of the user', async () => {
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { env });
  git('init', '--quiet', '--initial-branch', 'topic');
  git(
    '-c',
    'user.name=Ada',
    '-c',
    'user.email=a@b',
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    'Turn\n\nmore',
  );
  const sha = git('rev-parse', 'HEAD').toString().trim();
  await put({ '.bellows.yaml': 'steps: [{ name: show, commands: env | sort; ls -A "$HOME" }]' });
  const { stdout } = await run();
  for (const line of [
    'CI=true',
    'CI_COMMIT_AUTHOR=Ada',
    'CI_COMMIT_BRANCH=topic',
    'CI_COMMIT_MESSAGE=Turn',
    `CI_COMMIT_SHA=${sha}`,
    'CI_PIPELINE_EVENT=push',
    'CI_STEP_NAME=show',
    'CI_WORKFLOW_NAME=bellows',
    `CI_WORKSPACE=${folder}`,
  ])
    expect(stdout.split('\n')).toContain(line);
  expect(stdout).not.toMatch(/SECRET|nonexistent|http:/);
});

test('tools find what they fetched for the run before, if there is a home where it can stay', async () => {
  await put({ '.bellows.yaml': 'steps:\n  show:\n    commands: echo "[$GOCACHE]"\n' });
  const kept = async (given: Record<string, string>) => (await run([], { env: { ...env, ...given } })).stdout;
  expect(await kept({ HOME: folder })).toContain(`[${folder}/.cache/bellows/run/.cache/go-build]`);
  expect(await kept({ HOME: folder, XDG_CACHE_HOME: '/c' })).toContain('[/c/bellows/run/.cache/go-build]');
  expect(await kept({})).toContain('[]');
});

test('all workflows run, also after one that failed; --workflow runs just one', async () => {
  await put({
    '.woodpecker/a.yaml': 'steps: [{ name: a, commands: exit 1 }]',
    '.woodpecker/b.yaml': 'steps: [{ name: b, commands: echo b }]',
  });
  const all = await run();
  expect([all.code, all.stdout]).toEqual([1, '+ exit 1\n+ echo b\nb\n']);
  expect(all.stderr).toMatch(
    /^workflow a\n.*^workflow b\n.*^bellows: a: step "a" failed with exit code 1\n$/ms,
  );
  expect(await run(['--workflow', 'b'])).toMatchObject({ code: 0, stdout: '+ echo b\nb\n' });
  expect((await run(['--workflow', 'c'])).stderr).toMatch(/no workflow is called "c"/);
});

test('what `when` leaves out is skipped, and no failure', async () => {
  await put({ '.bellows.yaml': 'when: { branch: main }\nsteps: [{ name: ship, commands: exit 1 }]' });
  expect(await run(['--branch', 'topic'])).toMatchObject({
    code: 0,
    stderr: 'ship: skipped\nskipped: `when` of .bellows.yaml leaves out push on topic\n',
  });
  expect((await run(['--branch', 'main'])).code).toBe(1);
});

test('a broken file is one line with its place', async () => {
  await put({ '.bellows.yaml': 'steps:\n  - name: test\n    comands: [ls]\n' });
  expect(await run()).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^bellows: \.bellows\.yaml:3:5: unknown key "comands".*"commands"\?\n$/),
  });
});

test('no pipeline file: what was detected is said, and can be written down', async () => {
  await put({ 'package.json': '{"scripts":{"test":"true"}}' });
  const printed = await run(['--print']);
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  const [{ steps }] = parsePipeline(printed.stdout, '.bellows.yaml');
  expect(steps.map(({ commands }) => commands)).toEqual([['npm run test']]);
  const ran = await run();
  expect(ran.stderr).toMatch(/^No pipeline file\. Found package\.json, so this runs:\n/);
});

test('where nothing is to be run, or no folder is, it is said', async () => {
  expect(await run()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no pipeline file'),
  });
  expect(await run(['nowhere'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is not a folder'),
  });
});

test('an interrupt ends the step and what it has started, and leaves no folder behind', async () => {
  await put({
    '.bellows.yaml': 'steps: [{ name: wait, commands: "echo $HOME; sleep 100 & echo $!; wait" }]',
  });
  const controller = new AbortController();
  const { code, stdout, stderr } = await run([], {
    interrupted: controller.signal,
    onOutput: (printed) => {
      if (/\n\d+\n/.test(printed)) controller.abort();
    },
  });
  expect([code, stderr]).toEqual([4, 'wait: running\nwait: cancelled in 0.0s\nbellows: stopped\n']);
  const [, home = '', pid = ''] = stdout.split('\n');
  // Whoever inherits it has to notice its end, too.
  await until(() => !existsSync(`/proc/${pid}`), 5000);
  await expect(readdir(dirname(home))).rejects.toThrow('ENOENT');
});

test('output of a step cannot control the terminal', async () => {
  await put({ '.bellows.yaml': String.raw`steps: { own: { commands: ["printf '\\033]0;x\\007hi\\n'"] } }` });
  const { stdout } = await run([], { columns: 80, env: { ...env, LANG: 'C.UTF-8', NO_COLOR: '1' } });
  expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  expect(stdout).toMatch(/hi\n$/);
});

test('from_secret stands for what the secrets file says, and is masked; without it nothing runs', async () => {
  await put({
    '.bellows.yaml': `steps:
  - name: deploy
    environment: { TOKEN: { from_secret: token } }
    commands: echo "$TOKEN"
`,
    'secrets.yaml': 'Token: hunter2-of-mine\n',
  });
  expect(await run(['--secrets-file', 'secrets.yaml'])).toMatchObject({
    code: 0,
    stdout: '+ echo "$TOKEN"\n***\n',
  });
  expect(await run()).toMatchObject({
    code: 1,
    stdout: '',
    stderr:
      'bellows: .bellows.yaml:3:42: there is no secret "token" here; give it in a file: bellows run --secrets-file secrets.yaml\n',
  });
  const { stdout } = await run(['--print']);
  expect(parsePipeline(stdout, 'x')[0].steps[0]?.secrets).toMatchObject([
    { variable: 'TOKEN', secret: 'token' },
  ]);
});
