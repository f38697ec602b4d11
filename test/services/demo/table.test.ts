import { expect, test } from '@jest/globals';
import type { Report } from '../../../services/demo/report.ts';
import { toTable } from '../../../services/demo/table.ts';
import { toTimes } from '../../../services/demo/times.ts';

const report: Report = {
  ok: false,
  claims: [
    { title: 'a push', must: 'green at the first attempt', seen: 'success, attempt 1', ok: true, ms: 900 },
    {
      title: 'forged webhooks',
      must: '401, nothing written',
      seen: 'wrong 401, ✗ short 202',
      ok: false,
      ms: 1,
    },
  ],
  times: toTimes(
    [{ start: 0, sent: 20, accepted: 80, spawned: 90, claimed: 170, step: 260, line: 300, finished: 380 }],
    [{ push: 60, node: 40, clone: 100 }],
  ),
  ledger: { accepted: 3, finished: 2, lost: ['x'], doubled: [], unasked: [] },
  seconds: 41.4,
};
const plain = { width: 80, paint: (_: string, text: string) => text };

test('the report is one table of claims, one of times, and a verdict', () => {
  expect(`\n${toTable(report, plain)}\n`).toBe(`
                   what must be true          what was seen
✓ a push           green at the first         success, attempt 1
                   attempt
✗ forged webhooks  401, nothing written       wrong 401, ✗ short 202

  time, ms        p50    p95  1 runs
  git              20     20  git push starts → its pack is sent
  accept           60     60  → the ref has moved, its job is in the queue
  spawn            10     10  → an agent process has been started
  claim            80     80  → it has started up and taken the job
  clone            90     90  → the commit is checked out
  first step       40     40  → its first line is at a client
  rest             80     80  → the client knows that the job has ended
  first line      300    300  git push starts → first log line (goal: p50 ≤ 450)
  finished        380    380  git push starts → finished
  git alone        60     60  git push to a bare repository, git http-backend, no hook
  bare Node        40     40  node -e 0
  a clone         100    100  git clone --depth 1 of that repository
  floor           200    200  the sum of the three, run by run
  ratio          1.50         first line ÷ floor (goal: ≤ 1.40)

1 of 2 true. 3 accepted, 2 finished exactly once, 1 lost, 0 doubled. 41 s.
`);
});

test('without colours nothing but text is written, and with them only marks and heads are painted', () => {
  const painted = toTable(report, { width: 80, paint: (colour, text) => `<${colour}>${text}</>` });
  expect(painted).toContain('<green>✓</> a push');
  expect(painted).toContain('<red>✗</> forged webhooks');
  expect(toTable(report, plain)).not.toContain('\x1b');
});

test('what a hostile name put into a claim cannot reach the terminal', () => {
  const [claim] = report.claims;
  if (claim === undefined) throw new Error('no claim');
  const table = toTable({ ...report, claims: [{ ...claim, seen: 'red\x1b]0;owned\x07' }] }, plain);
  expect(table.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test('a demo that could not measure says what else it saw, and where it was kept', () => {
  const { times: _, ledger: __, ...rest } = report;
  expect(
    toTable({ ...rest, claims: [], kept: '/tmp/x' }, plain)
      .split('\n')
      .slice(-2),
  ).toEqual(['0 of 0 true. 41 s.', 'kept: /tmp/x']);
});
