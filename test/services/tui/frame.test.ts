import { describe, expect, test } from '@jest/globals';
import type { Job } from '../../../services/core/job/index.ts';
import { bindings } from '../../../services/tui/bindings.ts';
import { emptyBoard, learn } from '../../../services/tui/board.ts';
import { toFrame } from '../../../services/tui/frame.ts';
import { lineWidth } from '../../../services/tui/line.ts';
import { createLogLines } from '../../../services/tui/log-lines.ts';
import { asciiLook, unicodeLook } from '../../../services/tui/look.ts';
import { type State, toInitialState } from '../../../services/tui/state.ts';
import { createJob, toJobId } from './jobs.ts';
import { toPicture, toText } from './pictures.ts';

const now = 10_000_000;
const minute = 60_000;

const jobs = [
  createJob({
    number: 4,
    createdAt: now - 300,
    spec: { branch: 'feature/steam\x1b]0;x\x07', subject: 'Add a \x1b[31mboiler' },
  }),
  createJob({
    number: 3,
    createdAt: now - 65_000,
    startedAt: now - 64_600,
    state: 'running',
    spec: { author: 'Grace' },
  }),
  createJob({
    number: 2,
    createdAt: now - 5 * minute,
    startedAt: now - 5 * minute,
    finishedAt: now - 5 * minute + 4230,
    state: 'failure',
    reason: 'step "test" failed with exit code 1',
    exitCode: 1,
    attempt: 2,
    steps: [
      { name: 'clone', state: 'success', startedAt: 1000, finishedAt: 1200 },
      { name: 'test', state: 'failure', startedAt: 1200, finishedAt: 5230, exitCode: 1 },
      { name: 'publish', state: 'skipped' },
    ],
    spec: {
      repository: 'gitea/analytical/difference-engine',
      subject: '世界 by rocket 🚀 and other ways',
      workflow: 'deploy',
    },
  }),
  createJob({
    number: 1,
    createdAt: now - 50 * 3_600_000,
    startedAt: 1,
    finishedAt: 3_723_001,
    state: 'success',
  }),
];

function createState(
  given: Partial<State> = {},
  list: readonly Job[] = jobs,
  size = { columns: 80, rows: 12 },
): State {
  return {
    ...toInitialState(size),
    board: learn(emptyBoard, list, '1-0'),
    connection: { state: 'live' },
    heardAt: now - 3000,
    ...given,
  };
}

function openJob(id: string, text: string, given: Partial<State> = {}, rows = 16): State {
  const log = createLogLines(unicodeLook);
  log.add('1-1', { step: 'test', text });
  return createState({ opened: { id, log, top: undefined }, ...given }, jobs, { columns: 80, rows });
}

describe('all jobs', () => {
  test('have state, repository, branch, subject, age and duration', () => {
    expect(toPicture(createState({ selectedId: toJobId(2) }), now)).toBe(`
 bellows  4 jobs, 1 running                                              ● live
  STATE        REPOSITORY      BRANCH       SUBJECT                  AGE    TIME
  ◦ queued     ada/engine      feature/ste… Add a ␛[31mboiler        now
  ▸ running    ada/engine      main         Turn the crank            1m  1m 04s
› ✗ failure    analytical/dif… main         deploy: 世界 by rocket…   5m    4.2s
  ✓ success    ada/engine      main         Turn the crank            2d  1h 02m





 Enter open  c cancel  r retry  / search  ? help  q quit  Tab next
`);
  });

  test('are shown in ASCII where there is nothing else', () => {
    const picture = toPicture(createState(), now, asciiLook);
    expect(picture.split('\n').slice(1, 5).join('\n')).toBe(
      ` bellows  4 jobs, 1 running                                              * live
  STATE        REPOSITORY      BRANCH       SUBJECT                  AGE    TIME
> . queued     ada/engine      feature/ste~ Add a ␛[31mboiler        now
  > running    ada/engine      main         Turn the crank            1m  1m 04s`,
    );
  });

  test('make room for more where the window is wide', () => {
    const size = { columns: 120, rows: 8 };
    expect(toPicture(createState({}, jobs, size), now)).toBe(`
 bellows  4 jobs, 1 running                                                                                      ● live
  STATE        REPOSITORY                   BRANCH                 SUBJECT                                   AGE    TIME
› ◦ queued     ada/engine                   feature/steam␛]0;x␇    Add a ␛[31mboiler                         now
  ▸ running    ada/engine                   main                   Turn the crank                             1m  1m 04s
  ✗ failure    analytical/difference-engine main                   deploy: 世界 by rocket 🚀 and other ways   5m    4.2s
  ✓ success    ada/engine                   main                   Turn the crank                             2d  1h 02m

 Enter open  c cancel  r retry  / search  ? help  q quit  Tab next
`);
  });

  test('that do not fit the screen are shown a page at a time', () => {
    const many = Array.from({ length: 20 }, (_, index) =>
      createJob({ number: index + 1, createdAt: index, spec: { subject: `number ${index + 1}` } }),
    );
    const rows = (selectedId: string) =>
      toPicture(createState({ selectedId }, many), now).match(/›?.{30,}number \d+/g);
    expect(rows(toJobId(13))?.map((row) => row.slice(-3).trim())).toEqual([
      '20',
      '19',
      '18',
      '17',
      '16',
      '15',
      '14',
      '13',
    ]);
    expect(rows(toJobId(12))?.map((row) => row.slice(-3).trim())).toEqual([
      '12',
      '11',
      '10',
      'r 9',
      'r 8',
      'r 7',
      'r 6',
      'r 5',
    ]);
  });

  test('that are none say how to begin', () => {
    expect(toPicture(createState({}, []), now)).toContain('No jobs yet. A git push starts the first one.');
    expect(toPicture(createState({ connection: { state: 'connecting' } }, []), now)).not.toContain('No jobs');
  });
});

describe('one job', () => {
  test('has its steps and the end of its log', () => {
    const log = Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`).join('');
    expect(toPicture(openJob(toJobId(2), log), now)).toBe(
      `
 bellows  job 00000000000000000002                                       ● live
gitea/analytical/difference-engine main 1a2b3c4d deploy: 世界 by rocket 🚀 … Ada
✗ failure  step "test" failed with exit code 1  push · attempt 2 · 5m ago · 4.2s
  ✓ clone      0.2s
  ✗ test       4.0s  exit 1
  - publish
── log ──────────────────────────────────────────────────────────── following ──
line 24
line 25
line 26
line 27
line 28
line 29
line 30

 Esc back  c cancel  r retry  f follow  ? help  q quit
`,
    );
  });

  test('says how far down its log one is, and when that is over', () => {
    const state = openJob(toJobId(3), 'one\ntwo\n');
    const { opened } = state;
    if (opened === undefined) throw new Error('not opened');
    expect(toPicture({ ...state, opened: { ...opened, top: 0 } }, now)).toContain(' line 1 ──');
    expect(toPicture(state, now)).toContain(' following ──');
    opened.log.end();
    expect(toPicture(state, now)).toContain(' end ──');
  });

  test('without output says so', () => {
    const log = createLogLines(unicodeLook);
    const picture = (id: string) => toPicture(createState({ opened: { id, log, top: undefined } }), now);
    expect(picture(toJobId(3))).toContain('No output yet.');
    expect(picture(toJobId(1))).toContain('No output.');
    expect(picture(toJobId(9))).toContain('Loading the job.');
  });

  test('that is stopping says so until it has stopped', () => {
    const stopping = createJob({
      state: 'running',
      cancelling: true,
      startedAt: now - 2500,
      createdAt: now - 2500,
    });
    const stopped = { ...stopping, state: 'cancelled' as const, finishedAt: now };
    expect(toPicture(createState({}, [stopping]), now)).toContain('▸ cancelling');
    expect(toPicture(createState({}, [stopping]), now)).toContain('2s      2s');
    expect(toPicture(createState({}, [stopped]), now)).toContain('⊘ cancelled');
  });

  test('with many steps leaves half of the room to its log', () => {
    const steps = Array.from({ length: 30 }, (_, index) => ({
      name: `step ${index + 1}`,
      state: 'success' as const,
    }));
    const log = createLogLines(unicodeLook);
    const state = createState({ opened: { id: toJobId(1), log, top: undefined } }, [createJob({ steps })], {
      columns: 80,
      rows: 16,
    });
    expect(toPicture(state, now)).toContain(
      '  … 26 before\n  ✓ step 27\n  ✓ step 28\n  ✓ step 29\n  ✓ step 30\n── log',
    );
  });
});

describe('the connection', () => {
  const header = (given: Partial<State>) =>
    toPicture(createState(given), now)
      .split('\n')[1]
      ?.replace(/.*running +/, '');
  const lost = {
    state: 'lost',
    reason: 'http://127.0.0.1:7440 does not answer',
    retryAt: now + 1500,
  } as const;

  test('is in the header, with the age of the data where it is old', () => {
    expect(header({ connection: { state: 'connecting' }, heardAt: undefined })).toBe('○ connecting');
    expect(header({})).toBe('● live');
    expect(header({ heardAt: now - 25_000 })).toBe('● live · data 25s old');
    expect(header({ connection: lost })).toBe('○ connecting again in 2s · data 3s old');
    expect(header({ connection: { ...lost, retryAt: now - 1 }, heardAt: undefined })).toBe(
      '○ connecting again',
    );
  });

  test('that is lost says why, in place of nothing more important', () => {
    expect(toPicture(createState({ connection: lost }), now)).toContain(
      '\n http://127.0.0.1:7440 does not answer\n',
    );
    const notice = { text: 'told\x07', bad: true };
    expect(toPicture(createState({ connection: lost, notice }), now)).toContain('\n told␇\n');
  });
});

test('a question stands above the keys that answer it', () => {
  const confirm = { question: 'Cancel \x1b[2Jx?', command: { type: 'cancel', id: toJobId(1) } } as const;
  expect(toPicture(createState({ confirm }), now)).toContain('\n Cancel ␛[2Jx?\n y yes  n Esc no\n');
});

test('the help lists each key of its place, from the rows that the footer is made of', () => {
  const size = { columns: 80, rows: 24 };
  const help = toPicture(createState({ help: true }, jobs, size), now);
  for (const { modes, label, help: text } of bindings) {
    const listed = help.includes(`  ${label.padEnd(12)}${text.slice(0, 60)}`);
    expect([label, text, listed]).toEqual([label, text, modes.includes('jobs')]);
  }
  expect(help).toContain('\n Esc close\n');
});

test('a frame has a line for each row and none is wider than the screen, down to 20×4', () => {
  for (const size of [
    { columns: 20, rows: 4 },
    { columns: 80, rows: 24 },
    { columns: 300, rows: 90 },
  ]) {
    for (const state of [createState({}, jobs, size), { ...openJob(toJobId(2), '世界'.repeat(300)), size }]) {
      const { lines } = toFrame(state, now, unicodeLook);
      expect(lines).toHaveLength(size.rows);
      for (const line of lines)
        expect([lineWidth(line) <= size.columns, toText(line)]).toEqual([true, toText(line)]);
    }
  }
});
