const full = ['full all', 'full pool', 'full repository', 'full hour'];
const settled = ['done', 'dup', 'stale'];

/** What an operation can come to; each is to be seen among 20,000 of them. */
const answers: Readonly<Record<string, readonly string[]>> = {
  enqueue: ['enqueued', 'dup', ...full],
  push: ['enqueued', 'dup', ...full.slice(0, 3)],
  'push, several at once': ['enqueued', 'dup', 'full all', 'full pool', 'full repository'],
  rerun: ['enqueued', 'dup', 'unknown', 'running', 'nothing', ...full],
  expand: ['done', 'stale'],
  claim: ['a job', 'the same again', 'the preferred', 'none', 'none, it has one of another pool'],
  authenticate: ['some', 'none'],
  heartbeat: ['ok', 'cancel', 'lost'],
  step: ['done', 'stale'],
  'complete success': settled,
  'complete failure': settled,
  'complete cancelled': settled,
  'complete timeout': settled,
  'complete skipped': settled,
  'complete error': settled,
  addSaved: ['done', 'unknown'],
  cancel: ['done', 'final', 'unknown'],
  lost: ['done', 'unknown'],
  approve: ['some', 'none'],
  skip: ['some', 'none'],
  requeue: ['done', 'not-dead'],
  log: ['written', 'dup', 'gap', 'full'],
  'archive, next': ['a job', 'none'],
  'archive, seal': ['done', 'late'],
  'keep, open': ['done', 'stale', 'bytes', 'files', 'repository'],
  'keep, close': ['done', 'stale'],
  tellForge: ['nothing', 'taken', 'postponed', 'done', 'again', 'gone'],
  timeJump: ['back', 'on'],
};

/** @param counts operation and what came of it, once or `, asked twice` → how often */
export function toUnseen(counts: ReadonlyMap<string, number>): string[] {
  return Object.entries(answers).flatMap(([operation, all]) =>
    all
      .filter((answer) => !counts.has(`${operation}: ${answer}`))
      .filter((answer) => !counts.has(`${operation}, asked twice: ${answer}`))
      .map((answer) => `${operation}: ${answer}`),
  );
}
