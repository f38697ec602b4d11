import { expect, test } from '@jest/globals';
import { parseWebhook } from '../../../../services/core/forge/index.ts';
import { toGiteaEvent } from '../../../../services/local/git-remote/gitea-payload.ts';
import { type Movement, parseMovements } from '../../../../services/local/git-remote/movement.ts';

const zeros = '0'.repeat(40);
const one = '1'.repeat(40);
const two = '2'.repeat(40);
const repository = {
  name: 'ann/app',
  defaultBranch: 'trunk',
  url: 'http://127.0.0.1:7441/ann/app.git',
  at: new Date(0),
};

/** What the api reads from what we send. */
function read(movement: Movement) {
  const { event, payload } = toGiteaEvent(movement, repository);
  return parseWebhook('local', new Headers({ 'x-gitea-event': event }), Buffer.from(JSON.stringify(payload)))
    .event;
}

test('a moved branch is read as a push, with the commit that it moved to', () => {
  const commit = { id: two, subject: 'Mend it', author: 'Ann', email: 'ann@example.org' };
  expect(read({ ref: 'refs/heads/a/b', before: one, after: two, commit })).toEqual({
    kind: 'push',
    repository: 'ann/app',
    ref: 'refs/heads/a/b',
    branch: 'a/b',
    before: one,
    sha: two,
    subject: 'Mend it',
    author: 'Ann',
    sender: 'ann',
    commit: { email: 'ann@example.org' },
    movedBy: 1,
    defaultBranch: 'trunk',
  });
});

test('a tag is read as a tag, also where it names no commit', () => {
  expect(read({ ref: 'refs/tags/v1', before: zeros, after: two })).toMatchObject({
    kind: 'tag',
    branch: 'v1',
    sha: two,
    subject: '',
  });
});

test.each(['refs/heads/a/b', 'refs/tags/v1'])('%s that is gone is read as gone', (ref) => {
  expect(read({ ref, before: one, after: zeros })).toEqual({ kind: 'gone', repository: 'ann/app', ref });
});

test('what a hook writes is read back, and a hostile subject stays text', () => {
  const lines = [
    `moved ${one} ${two} refs/heads/main`,
    `commit ${two}`,
    'author A B',
    'email a@b',
    'subject moved 1 2 refs/heads/evil',
    `moved ${zeros} ${one} refs/tags/v1`,
  ];
  expect(parseMovements(lines)).toEqual([
    {
      before: one,
      after: two,
      ref: 'refs/heads/main',
      commit: { id: two, author: 'A B', email: 'a@b', subject: 'moved 1 2 refs/heads/evil' },
    },
    { before: zeros, after: one, ref: 'refs/tags/v1' },
  ]);
});

test('lines that are not a hook’s are no movements', () => {
  expect(parseMovements(['', 'subject x', 'moved a b c', `moved ${one} ${two} heads/x`, 'x'])).toEqual([]);
});
