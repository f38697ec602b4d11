import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ApiClient, createApiClient } from '../../../services/core/client/index.ts';
import { runApp } from '../../../services/tui/app.ts';
import { unicodeLook } from '../../../services/tui/look.ts';
import { openScreen, type Screen } from '../../../services/tui/screen.ts';
import { type FakeApi, startFakeApi } from './fake-api.ts';
import { createJob, toJobId } from './jobs.ts';
import { createTerminal, type Terminal } from './terminal.ts';

let api: FakeApi;
let client: ApiClient;
let terminal: Terminal;
let screen: Screen;
let stop: AbortController;
let app: Promise<unknown>;
/** The api's clock and the terminal's. */
let now = 1_000_000;

beforeEach(async () => {
  now = 1_000_000;
  api = await startFakeApi();
  client = createApiClient({ url: api.url, token: 't' });
  terminal = createTerminal();
  screen = openScreen({
    input: terminal.input,
    output: terminal.output,
    terminal: 'xterm',
    ascii: false,
    colour: true,
  });
  stop = new AbortController();
  app = Promise.resolve();
});

afterEach(async () => {
  stop.abort();
  await app.catch(() => undefined);
  screen.close();
  client.close();
  await api.close();
});

function start(job?: string, suspend?: () => Promise<void>): void {
  app = runApp({ client, screen, look: unicodeLook, job, suspend, now: () => now }, stop.signal);
}

const running = createJob({ number: 1, createdAt: 940_000, spec: { subject: 'Turn the crank' } });
const other = createJob({ number: 2, createdAt: 950_000, spec: { subject: 'Oil the gears' } });

function begin(): void {
  api.create(running);
  api.run(running.id, 941_000);
}

test('jobs come and go on before one’s eyes', async () => {
  begin();
  start();
  await terminal.until('1 job, 1 running');
  api.create(other);
  await terminal.until(/queued .*Oil the gears/);
  api.publish({ type: 'finished', job: running.id, at: 1_000_000, state: 'failure', exitCode: 1 });
  await terminal.until(/failure .*Turn the crank .*59s/);
});

test('an opened job shows its steps and its log as they come, and Esc leads back', async () => {
  begin();
  api.log(running.id, 'first \x1b]0;evil\x07line\n');
  start();
  await terminal.until('Turn the crank');
  terminal.type('\r');
  await terminal.until('first line');
  await terminal.until('▸ test');
  api.log(running.id, 'second line\n');
  await terminal.until('second line');
  api.endLog(running.id);
  await terminal.until(' end ──');
  terminal.type('\x1b');
  await terminal.until('REPOSITORY');
  expect(terminal.written()).not.toContain('evil');
});

test('a job is cancelled once that is confirmed', async () => {
  begin();
  start();
  await terminal.until('Turn the crank');
  terminal.type('c');
  await terminal.until('Cancel local/ada/engine main');
  expect(api.requests.filter((request) => request.startsWith('POST'))).toEqual([]);
  terminal.type('y');
  await terminal.until('the job has been asked to stop');
  await terminal.until('▸ cancelling');
  expect(api.requests).toContain(`POST /jobs/${running.id}/cancel`);
});

test('an opened job that is run again gives way to the new one', async () => {
  begin();
  api.publish({ type: 'finished', job: running.id, at: 950_000, state: 'success' });
  start(running.id);
  await terminal.until('success');
  terminal.type('r');
  await terminal.until('Retry local/ada/engine main');
  terminal.type('y');
  await terminal.until(`runs again as ${toJobId(2)}`);
  await terminal.until(`job ${toJobId(2)}`);
});

test('a retry from the list stays in the list', async () => {
  begin();
  api.publish({ type: 'finished', job: running.id, at: 950_000, state: 'success' });
  start();
  await terminal.until('success');
  terminal.type('ry');
  await terminal.until('2 jobs');
  expect(terminal.picture()).toContain('REPOSITORY');
});

test('a dead job is put back, and what awaits approval is approved or let go: all once confirmed', async () => {
  begin();
  api.publish({ type: 'dead', job: running.id, at: 950_000, reason: 'lost 3 agents' });
  start();
  await terminal.until('dead');
  terminal.type('uy');
  await terminal.until('the job is in the queue again');
  api.publish({ type: 'finished', job: running.id, at: 960_000, state: 'failure' });
  await terminal.until(/failure .*Turn the crank/);
  terminal.type('Ry');
  await terminal.until(`runs again as pipeline ${running.pipeline}`);
  const waiting = createJob({ number: 2, createdAt: 970_000, state: 'waiting', awaits: true });
  api.create(waiting);
  await terminal.until('waiting');
  terminal.type('gay');
  await terminal.until('1 job approved');
  terminal.type('sy');
  await terminal.until('1 job skipped');
  expect(api.requests.filter((request) => request.startsWith('POST'))).toEqual([
    `POST /jobs/${running.id}/requeue`,
    `POST /pipelines/${running.pipeline}/retry`,
    `POST /pipelines/${waiting.pipeline}/approve`,
    `POST /pipelines/${waiting.pipeline}/skip`,
  ]);
});

test('what goes wrong is said in one line', async () => {
  start(toJobId(9));
  await terminal.until(`no job ${toJobId(9)}`);
  begin();
  terminal.type('\x1b');
  await terminal.until('Turn the crank');
  terminal.type('c');
  api.refuse(503);
  terminal.type('y');
  await terminal.until('the fake answers 503');
});

test('an api that is away is shown, and found again; what was missed is made up for', async () => {
  begin();
  start(running.id);
  await terminal.until('▸ test');
  await api.close();
  await terminal.until('connecting again in');
  await terminal.until('does not answer');
  api.publish({
    type: 'step',
    job: running.id,
    at: 950_000,
    fence: 1,
    step: { name: 'test', state: 'success', startedAt: 941_000, finishedAt: 950_000 },
  });
  await api.listen();
  await terminal.until('✓ test');
  await terminal.until('● live');
});

test('after a new snapshot an opened job has its steps again', async () => {
  begin();
  start(running.id);
  await terminal.until('▸ test');
  api.forget();
  api.publish({
    type: 'step',
    job: running.id,
    at: 942_000,
    fence: 1,
    step: { name: 'next', state: 'running' },
  });
  await terminal.until('▸ next');
});

test('another size of the window is drawn', async () => {
  begin();
  start();
  await terminal.until('Turn the crank');
  terminal.resize({ columns: 60, rows: 10 });
  expect((await terminal.until('q quit')).split('\n')).toHaveLength(10);
});

describe('a long history', () => {
  const subjects = ['Oil the gears', 'Turn the crank', 'Mend the belt'];
  function fill(count: number): void {
    for (let number = 1; number <= count; number++) {
      const subject = `${subjects[number % 3]} ${number}`;
      const state = number % 10 === 0 ? 'failure' : 'success';
      api.create(createJob({ number, createdAt: 900_000 + number, state, spec: { subject } }));
    }
  }
  const asked = () => api.requests.filter((request) => request === 'GET /jobs').length;

  test('is paged back from the end of the list, page by page, until there is no more', async () => {
    fill(25);
    api.setPageSize(10);
    start();
    await terminal.until('10+ jobs');
    terminal.type('G');
    await terminal.until('20+ jobs');
    terminal.type('G');
    await terminal.until('25 jobs');
    terminal.type('G');
    await terminal.until(/› ✓ success .*Turn the crank 1 /);
    expect(asked()).toBe(3);
  });

  test('is searched, in what is there and far back; Esc lists all again', async () => {
    fill(45);
    api.setPageSize(10);
    start();
    await terminal.until('10+ jobs');
    terminal.type('/belt 2x\x7f');
    await terminal.until('/belt 2_');
    terminal.type('\r');
    await terminal.until('5 jobs, 0 running, like "belt 2"');
    await terminal.until('Mend the belt 2 ');
    expect(terminal.picture()).not.toContain('Oil the gears');
    api.create(createJob({ number: 46, createdAt: 990_000, spec: { subject: 'Mend the belt 299' } }));
    await terminal.until('6 jobs');
    terminal.type('/');
    await terminal.until('/belt 2_');
    terminal.type('\x1b');
    await terminal.until('? help');
    terminal.type('\x1b');
    await terminal.until('Oil the gears');
  });

  test('is listed by what failed and what has not ended', async () => {
    fill(30);
    start();
    await terminal.until('30 jobs');
    terminal.type('t');
    await terminal.until('0 jobs, 0 running, unfinished only');
    await terminal.until('No job is like that.');
    terminal.type('t');
    await terminal.until('3 jobs, 0 running, failed only');
    terminal.type('t');
    await terminal.until('30 jobs, 0 running ');
  });
});

describe('the other lists', () => {
  test('are the queue with why each job waits, and the agents with their pools', async () => {
    begin();
    const blocked = createJob({ number: 3, state: 'blocked', reason: 'concurrency group "deploy" is full' });
    api.survey.queue = {
      jobs: [
        { job: other, place: 1, class: 5, needs: [] },
        { job: blocked, class: 5, group: 'deploy', needs: [] },
      ],
      counts: { queued: 1, blocked: 1, waiting: 0, delayed: 0 },
    };
    api.survey.agents = [
      {
        agent: 'agent-1',
        job: running.id,
        pool: 'default',
        repository: running.spec.repository,
        since: now - 60_000,
        heardAt: now - 2_000,
        attempt: 1,
      },
    ];
    api.survey.pools = [{ pool: 'default', queued: 1, running: 1, oldest: now - 50_000 }];
    start();
    await terminal.until('1 job, 1 running');
    terminal.type('\t');
    await terminal.until('queue: 1 queued, 1 not ready');
    await terminal.until(/› 1 +◦ queued .*ada\/engine main +class 5/);
    await terminal.until(/◦ blocked .*concurrency group/);
    terminal.type('jc');
    await terminal.until('Cancel local/ada/engine main (00000000)?');
    terminal.type('n\t');
    await terminal.until('agents: 1');
    await terminal.until('default  1 running · 1 queued · oldest');
    await terminal.until(/› agent-1 +default +00000000 local\/ada\/engine +1m +2s/);
    terminal.type('\r');
    await terminal.until(`job ${running.id}`);
    terminal.type('\x1b');
    await terminal.until('agents: 1');
    terminal.type('\t');
    await terminal.until('1 job, 1 running');
  });

  test('say so when there is nothing, and are asked again while they are shown', async () => {
    start();
    await terminal.until('live');
    terminal.type('\t');
    await terminal.until('Nothing waits.');
    api.survey.queue = {
      jobs: [{ job: other, place: 1, class: 5, needs: [] }],
      counts: { queued: 1, blocked: 0, waiting: 0, delayed: 0 },
    };
    await terminal.until('queue: 1 queued, 0 not ready');
    terminal.type('\t');
    await terminal.until('No agent runs: nothing is to do.');
  });
});

test('Ctrl-Z gives the terminal to the shell until it is brought back', async () => {
  begin();
  const suspended = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  start(undefined, async () => {
    const resume = screen.suspend();
    suspended.resolve();
    await goOn.promise;
    resume();
  });
  const before = await terminal.until('Turn the crank');
  terminal.type('\x1a');
  await suspended.promise;
  expect([terminal.input.raw, terminal.modes.get('1049'), terminal.modes.get('25')]).toEqual([
    false,
    false,
    true,
  ]);
  api.publish({ type: 'finished', job: running.id, at: 1_000_000, state: 'failure', exitCode: 1 });
  goOn.resolve();
  expect(await terminal.until('✗ failure')).not.toBe(before);
  expect([terminal.input.raw, terminal.modes.get('1049'), terminal.modes.get('25')]).toEqual([
    true,
    true,
    false,
  ]);
});

describe('the end', () => {
  test.each([
    ['q', 'q', 'left'],
    ['Ctrl-C', '\x03', 'interrupted'],
    ['Ctrl-C in the help', '?\x03', 'interrupted'],
  ])('is %s', async (_title, keys, end) => {
    start();
    await terminal.until('live');
    terminal.type(keys);
    expect(await app).toBe(end);
  });

  test('is the signal', async () => {
    start();
    await terminal.until('live');
    stop.abort();
    expect(await app).toBe('left');
  });

  test('is a refused credential, with its reason', async () => {
    api.refuse(403);
    start();
    await expect(app).rejects.toThrow('the fake answers 403');
  });
});

describe('a slow line', () => {
  function fill(): void {
    for (let number = 1; number <= 30; number++) {
      const job = createJob({
        number,
        createdAt: 900_000 + number,
        spec: { subject: 'Turn the crank of the engine, once' },
      });
      api.create(job);
      if (number > 20) api.run(job.id, 900_000 + number);
    }
  }

  test('carries the first screen in at most 6 kB', async () => {
    fill();
    start();
    await terminal.until('30 jobs, 10 running');
    expect(terminal.bytes()).toBeLessThanOrEqual(6000);
  });

  test('carries a second of ten running jobs in at most 1.5 kB', async () => {
    fill();
    start();
    await terminal.until('30 jobs, 10 running');
    const before = terminal.bytes();
    now += 2000;
    await terminal.until('1m 41s');
    expect(terminal.bytes() - before).toBeLessThanOrEqual(1500);
  });

  test('carries a flood of log lines as a few screens', async () => {
    begin();
    start(running.id);
    await terminal.until('▸ test');
    const before = terminal.bytes();
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index + 1} of a flood\n`);
    for (let at = 0; at < lines.length; at += 1000) api.log(running.id, lines.slice(at, at + 1000).join(''));
    await terminal.until('line 10000 of a flood');
    expect(terminal.bytes() - before).toBeLessThanOrEqual(10_000);
  });
});
