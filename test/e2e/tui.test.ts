import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type FakeApi, startFakeApi } from '../services/tui/fake-api.ts';
import { createJob, toJobId } from '../services/tui/jobs.ts';

/** A robot before the real program in a real terminal (tmux), against real HTTP. */

const program = join(import.meta.dirname, '..', '..', 'services', 'tui', 'main.ts');

function hasTmux(): boolean {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('skipped: the terminal program in a real terminal (tmux is not installed)\n');
    return false;
  }
}

let api: FakeApi;
let folder: string;

beforeEach(async () => {
  api = await startFakeApi();
  folder = mkdtempSync(join(tmpdir(), 'bellows-tui-'));
});

afterEach(async () => {
  await api.close();
  rmSync(folder, { recursive: true });
});

function run(args: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: unknown; out: string; error: string }>((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { env: { PATH: process.env.PATH, HOME: folder, ...env } },
      (failure, out, error) => resolve({ code: failure?.code ?? 0, out, error }),
    );
  });
}

test('without a terminal there is one line, and the way to go', async () => {
  expect(await run([], { TERM: 'xterm', BELLOWS_URL: api.url, BELLOWS_TOKEN: 't' })).toEqual({
    code: 1,
    out: '',
    error: 'bellows tui: This needs a terminal that can move its cursor. Without one, use bellows jobs.\n',
  });
});

test('--help needs neither terminal nor api; a wrong argument is named', async () => {
  expect(await run(['--help'])).toMatchObject({ code: 0, error: '' });
  expect(await run(['--jobs'])).toMatchObject({
    code: 2,
    out: '',
    error: expect.stringContaining("Unknown option '--jobs'"),
  });
});

(hasTmux() ? describe : describe.skip)('in a real terminal', () => {
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', join(folder, 'tmux'), '-f', '/dev/null', '-u', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', SHELL: '/bin/sh' },
    });
  const picture = () => tmux('capture-pane', '-p');
  const type = (...keys: string[]) => tmux('send-keys', ...keys);

  /** The program, and after it what it left: its exit code, and whether the terminal is cooked again. */
  function start(...args: string[]): void {
    // Tells its id, and crashes when asked to: what a defect of the program would do.
    const crash = `import { writeFileSync } from 'node:fs';
      writeFileSync(${JSON.stringify(join(folder, 'pid'))}, String(process.pid));
      process.on('SIGUSR2', () => { throw new Error('a defect'); });`;
    const quoted = [`--import=data:text/javascript,${encodeURIComponent(crash)}`, program, ...args]
      .map((arg) => `'${arg.replaceAll("'", "'\\''")}'`)
      .join(' ');
    const script = `${process.execPath} ${quoted}; echo "left with $?"; stty -a | grep -ow -e -icanon -e icanon; exec cat`;
    tmux(
      ...['new-session', '-d', '-x', '80', '-y', '24'],
      ...['-e', `BELLOWS_URL=${api.url}`, '-e', 'BELLOWS_TOKEN=t', script],
    );
  }
  async function until(text: string): Promise<string> {
    for (let tries = 0; tries < 200; tries++) {
      const now = picture();
      if (now.includes(text)) return now;
      await pause(50);
    }
    throw new Error(`${text} was not shown:\n${picture()}`);
  }
  const signal = async (name: NodeJS.Signals) =>
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), name);

  afterEach(() => {
    tmux('kill-server');
  });

  test('a person finds a job, reads its log, cancels it and leaves', async () => {
    const job = createJob({
      createdAt: Date.now() - 5000,
      spec: { subject: 'Turn \x1b]0;evil\x07 the 世界', branch: 'a\u202eb' },
    });
    api.create(job);
    api.run(job.id, Date.now());
    api.log(job.id, '\x1b[31mred\x1b[0m \x1b[2J\x1b]52;c;AAAA\x07and\rover\n');
    start();
    await until('▸ running');
    type('Enter');
    await until('red and␍over');
    type('c');
    await until('Cancel local/ada/engine a�b');
    type('y');
    await until('▸ cancelling');
    api.publish({ type: 'finished', job: job.id, at: Date.now(), state: 'cancelled' });
    await until('⊘ cancelled');
    type('r');
    await until('Retry local/ada/engine');
    type('y');
    await until(`runs again as ${toJobId(2)}`);
    type('Escape');
    expect(await until('2 jobs, 0 running')).toContain('Turn ␛]0;evil␇ the');
    tmux('resize-window', '-x', '100', '-y', '30');
    await until('TIME');
    type('q');
    expect(await until('icanon')).toMatch(/^left with 0\nicanon\n+$/);
    expect(tmux('display-message', '-p', '#{pane_title}')).not.toContain('evil');
  });

  test('--ascii draws nothing else, and --job opens the job', async () => {
    const job = createJob({ spec: { subject: 'Größe' } });
    api.create(job);
    start('--ascii', '--job', job.id);
    expect(await until('* live')).toMatch(/^\p{ASCII}*$/u);
    expect(picture()).toContain('Gr??e');
  });

  test.each([
    ['a signal', 'SIGTERM', 'left with 0'],
    ['a hang-up', 'SIGHUP', 'left with 0'],
    ['a crash', 'SIGUSR2', 'Error: a defect'],
  ] as const)('%s gives the terminal back', async (_title, name, seen) => {
    start();
    await until('live');
    await signal(name);
    const after = await until('icanon');
    expect(after).toContain(seen);
    expect(after).not.toContain('-icanon');
    expect(tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}').trim()).toBe('0 1');
  });
});
