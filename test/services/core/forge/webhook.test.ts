import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PayloadError, parseWebhook, toFacts } from '../../../../services/core/forge/index.ts';

const fixtures = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'webhooks');
const main = '2e7d2c03a9507ae265ecf5b5356885a53393a202';
const before = '9c1185a5c5e9fc54612808977ee8f548b2258d31';
const feature = '18ac3e7343f016890c510e93f935261169d9e3f5';
const tag = '3f79bb7b435b05321651daefd374cdc681dc06fa';
const zero = '0'.repeat(40);

function read(forge: 'gitea' | 'github', event: string, name: string) {
  const headers = new Headers({ [`x-${forge}-event`]: event, [`x-${forge}-delivery`]: 'd-1' });
  return parseWebhook(forge, headers, readFileSync(join(fixtures, forge, `${name}.json`))).event;
}
const parse = (body: unknown, event = 'push') =>
  parseWebhook('gitea', new Headers({ 'x-gitea-event': event }), Buffer.from(JSON.stringify(body))).event;

const common = { repository: 'ada/forge-bell', defaultBranch: 'main', author: 'ada', sender: 'ada' };
const pullRequest = {
  ...common,
  kind: 'pull request',
  ref: 'refs/pull/4/head',
  branch: 'main',
  subject: 'Make the bell louder',
  sha: feature,
  pullRequest: { number: 4, head: 'feature/louder', fork: false },
};

describe.each(['gitea', 'github'] as const)('%s', (forge) => {
  const movedBy = forge === 'gitea' ? 3 : 5810;
  test('a push says which branch moved, from where to where', () => {
    expect(read(forge, 'push', 'push')).toEqual({
      ...common,
      kind: 'push',
      ref: 'refs/heads/main',
      branch: 'main',
      before,
      sha: main,
      subject: 'Let the bell ring twice',
      movedBy,
      commit: { email: 'ada@example.org', at: expect.any(Number) },
    });
  });

  test('a tag is not a push, and an annotated one is of the commit that it names', () => {
    expect(read(forge, 'push', 'push-tag')).toMatchObject({
      kind: 'tag',
      ref: 'refs/tags/v1.2.0',
      branch: 'v1.2.0',
      before: zero,
      sha: main,
      object: tag,
    });
  });

  test('a commit message may ask for no pipeline', () => {
    expect(read(forge, 'push', 'push-skip-ci')).toEqual({
      kind: 'skipped',
      repository: 'ada/forge-bell',
      ref: 'refs/heads/main',
      sha: main,
      reason: 'the commit message asks to skip',
    });
  });

  test('a pull request is built at its head, for its base', () => {
    expect(read(forge, 'pull_request', 'pull-request-opened')).toEqual({
      ...pullRequest,
      movedBy,
      pullRequest: { ...pullRequest.pullRequest, openedBy: movedBy },
    });
  });

  test('a pull request of another repository is a fork', () => {
    expect(read(forge, 'pull_request', 'pull-request-from-fork')).toMatchObject({
      author: 'grace',
      pullRequest: { fork: true },
    });
  });

  test('a closed pull request ends its ref', () => {
    const ref = 'refs/pull/4/head';
    expect(read(forge, 'pull_request', 'pull-request-closed')).toEqual({
      kind: 'gone',
      repository: 'ada/forge-bell',
      ref,
      closedAt: '2026-05-30T15:20:00Z',
      told: {
        ...pullRequest,
        kind: 'told',
        event: 'pull_request_closed',
        occasion: `4 ${Date.parse('2026-05-30T15:20:00Z')}`,
        movedBy,
        pullRequest: { ...pullRequest.pullRequest, openedBy: movedBy },
      },
    });
  });

  test('a release is of its tag, whose commit the forge has to be asked for', () => {
    const release = read(forge, 'release', 'release');
    expect(release).toEqual({
      ...common,
      kind: 'told',
      event: 'release',
      occasion: forge === 'gitea' ? '48 whole' : '7201 whole',
      ref: 'refs/tags/v1.2.0',
      branch: 'main',
      subject: 'Louder',
      movedBy,
      release: { title: 'Louder', pre: false },
    });
    const told = (change: object, action?: string) => {
      const recorded = JSON.parse(readFileSync(join(fixtures, forge, 'release.json'), 'utf8'));
      const body = {
        ...recorded,
        action: action ?? recorded.action,
        release: { ...recorded.release, ...change },
      };
      const headers = new Headers({ [`x-${forge}-event`]: 'release' });
      return parseWebhook(forge, headers, Buffer.from(JSON.stringify(body)));
    };
    const pre = forge === 'gitea' ? told({ prerelease: true }) : told({ prerelease: true }, 'prereleased');
    expect(pre.event).toMatchObject({ kind: 'told', release: { pre: true } });
    expect(pre.times).toContain(Date.parse('2026-05-30T15:30:00Z'));
    expect(told({ name: '' }).event).toMatchObject({ release: { title: 'v1.2.0' } });
    for (const action of ['updated', 'deleted', 'edited', 'created'])
      expect(told({}, action).event.kind).toBe('ignored');
    expect(told({ draft: true }).event.kind).toBe('ignored');
    expect(() => told({ tag_name: 'a..b' })).toThrow(PayloadError);
  });

  test('what changes no commit of a pull request says what it changed', () => {
    const actions =
      forge === 'gitea'
        ? { label_updated: 'label_cleared', milestoned: 'milestoned' }
        : { labeled: 'label_cleared', converted_to_draft: 'converted_to_draft' };
    const recorded = JSON.parse(readFileSync(join(fixtures, forge, 'pull-request-opened.json'), 'utf8'));
    const told = (action: string, change: object = {}) => {
      const body = { ...recorded, action, pull_request: { ...recorded.pull_request, ...change } };
      const headers = new Headers({ [`x-${forge}-event`]: 'pull_request' });
      return parseWebhook(forge, headers, Buffer.from(JSON.stringify(body))).event;
    };
    for (const [action, reason] of Object.entries(actions))
      expect(told(action, { labels: [] })).toMatchObject({
        kind: 'told',
        event: 'pull_request_metadata',
        reason,
      });
    const labels = [{ name: 'loud' }, { name: 'x'.repeat(200) }];
    expect(
      told(Object.keys(actions)[0] ?? '', { labels, milestone: { title: 'One' }, draft: true }),
    ).toMatchObject({
      reason: 'label_updated',
      pullRequest: { labels: ['loud', 'x'.repeat(100)], milestone: 'One', draft: true },
    });
    expect(told('review_requested').kind).toBe('ignored');
    expect(told('constructor').kind).toBe('ignored');
    expect(told('edited', { title: '[skip ci] x' }).kind).toBe('ignored');
  });

  test('a new ref is told by its push, and an unknown event starts nothing', () => {
    expect(read(forge, 'create', 'create').kind).toBe('ignored');
    expect(read(forge, 'issues', 'create')).toEqual({
      kind: 'ignored',
      reason: 'event "issues" starts nothing',
    });
  });
});

test('Gitea tells of a deletion by its own event', () => {
  const repository = 'ada/forge-bell';
  expect(read('gitea', 'delete', 'delete')).toEqual({
    kind: 'gone',
    repository,
    ref: 'refs/heads/feature/louder',
  });
  expect(read('gitea', 'delete', 'delete-tag')).toEqual({
    kind: 'gone',
    repository,
    ref: 'refs/tags/v1.2.0',
  });
});

test('GitHub tells of a deletion by the push, and its delete event is not counted again', () => {
  expect(read('github', 'push', 'push-deleted')).toMatchObject({
    kind: 'gone',
    ref: 'refs/heads/feature/louder',
  });
  expect(read('github', 'delete', 'delete').kind).toBe('ignored');
});

test('GitHub names the commit before a synchronised head, Gitea does not', () => {
  expect(read('github', 'pull_request', 'pull-request-synchronize')).toMatchObject({
    sha: before,
    before: feature,
  });
  expect(read('gitea', 'pull_request', 'pull-request-synchronized')).not.toHaveProperty('before');
});

test('a label changes no commit', () => {
  expect(read('gitea', 'pull_request', 'pull-request-label')).toMatchObject({
    kind: 'told',
    event: 'pull_request_metadata',
  });
});

test('a head whose repository is deleted counts as a fork', () => {
  expect(read('github', 'pull_request', 'pull-request-from-deleted-fork')).toMatchObject({
    pullRequest: { fork: true },
  });
});

test('pings are pings: GitHub’s own, and the push of Gitea’s test button that moves nothing', () => {
  expect(read('github', 'ping', 'ping')).toEqual({ kind: 'ping' });
  expect(read('gitea', 'push', 'push-test-delivery')).toEqual({ kind: 'ping' });
});

test('the event is read from the header of the forge that the path names', () => {
  const headers = new Headers({ 'x-gitea-event': 'push', 'x-github-event': 'ping' });
  const body = readFileSync(join(fixtures, 'gitea', 'push.json'));
  expect(parseWebhook('local', headers, body).event.kind).toBe('push');
  expect(parseWebhook('github', headers, body).event.kind).toBe('ping');
  expect(() => parseWebhook('gitea', new Headers(), body)).toThrow('x-gitea-event is missing');
});

test.each([
  ['a ref that git would read as an option', { ref: '--upload-pack=touch x' }],
  ['a ref with a line break', { ref: 'refs/heads/a\nb' }],
  ['a ref outside of what can be built', { ref: 'refs/notes/commits' }],
  ['a short sha', { after: '2e7d2c0' }],
  ['a sha that is an option', { after: '-x' }],
  ['a repository above its folder', { repository: { id: 1, full_name: '../etc' } }],
  ['no repository', { repository: undefined }],
  ['a number for a ref', { ref: 7 }],
])('a push is refused with %s', (_, change) => {
  const whole = JSON.parse(readFileSync(join(fixtures, 'gitea', 'push.json'), 'utf8'));
  expect(() => parse({ ...whole, ...change })).toThrow(PayloadError);
});

test('what cannot be JSON is named as such', () => {
  const headers = new Headers({ 'x-gitea-event': 'push' });
  for (const body of [Buffer.from('payload=%7B%7D'), Buffer.from([0xff, 0x7b, 0x7d]), Buffer.alloc(0)])
    expect(() => parseWebhook('gitea', headers, body)).toThrow('application/json');
  expect(() => parseWebhook('gitea', headers, Buffer.from('['.repeat(100_000)))).toThrow(PayloadError);
  expect(() => parse(JSON.parse(`${'['.repeat(1000)}${']'.repeat(1000)}`))).toThrow(PayloadError);
});

test('no JSON whatever makes anything but an event or a PayloadError', () => {
  const known = fc.constantFrom('push', 'pull_request', 'delete', 'create', 'ping', 'issues');
  fc.assert(
    fc.property(known, fc.jsonValue(), (event, body) => {
      try {
        return parse(body, event).kind !== 'push';
      } catch (error) {
        return error instanceof PayloadError;
      }
    }),
  );
});

test('a subject is one line, cut to what a job holds', () => {
  const whole = JSON.parse(readFileSync(join(fixtures, 'gitea', 'push.json'), 'utf8'));
  whole.head_commit.message = `${'x'.repeat(600)}\r\nmore`;
  expect(parse(whole)).toMatchObject({ subject: 'x'.repeat(500) });
  whole.head_commit = null;
  expect(parse(whole)).toMatchObject({ subject: '', author: 'ada' });
});

test('of a repository is kept what is its own, and no address of another', () => {
  const bytes = readFileSync(join(fixtures, 'gitea', 'push.json'), 'utf8');
  const { repository } = JSON.parse(bytes);
  expect(toFacts({ repository })).toEqual({
    remoteId: 17,
    private: false,
    page: 'https://gitea.example.org/ada/forge-bell',
    ssh: 'git@gitea.example.org:ada/forge-bell.git',
  });
  const html_url = 'https://elsewhere/x';
  for (const ssh_url of [
    'ext::sh -c x ada/forge-bell.git',
    'git@host:evil.git',
    '-oProxyCommand=x@h:ada/forge-bell.git',
  ])
    expect(toFacts({ repository: { ...repository, html_url, ssh_url } })).toEqual({
      remoteId: 17,
      private: false,
    });
  expect(toFacts({ repository: { id: 'x' } })).toBeUndefined();
  expect(toFacts(null)).toBeUndefined();
});

test('a deployment of GitHub is of a commit, for an environment, and a part of a commit is no branch', () => {
  expect(read('github', 'deployment', 'deployment')).toEqual({
    ...common,
    kind: 'told',
    event: 'deployment',
    occasion: '71069',
    ref: 'refs/heads/main',
    branch: 'main',
    sha: main,
    subject: 'Ring it there',
    movedBy: 5810,
    deployment: { target: 'production', task: 'deploy' },
  });
  const recorded = JSON.parse(readFileSync(join(fixtures, 'github', 'deployment.json'), 'utf8'));
  const told = (ref: string) => {
    const body = JSON.stringify({ ...recorded, deployment: { ...recorded.deployment, ref } });
    return parseWebhook('github', new Headers({ 'x-github-event': 'deployment' }), Buffer.from(body)).event;
  };
  expect(told(main.slice(0, 9))).toMatchObject({ ref: 'refs/heads/main', sha: main });
  expect(told('refs/tags/v1')).toMatchObject({ ref: 'refs/tags/v1', branch: 'v1' });
  expect(() => told('--upload-pack=x y')).toThrow(PayloadError);
  expect(read('gitea', 'deployment', 'create').kind).toBe('ignored');
});
