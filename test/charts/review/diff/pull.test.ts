import { expect, test } from '@jest/globals';
import { parseOptions } from '../../../../charts/review/diff/options.ts';
import { PullError, toPull } from '../../../../charts/review/diff/pull.ts';

const token = { FORGE_TOKEN: 'secret' };
const gitea = { forge: 'gitea', origin: 'https://git.home.arpa/forge', token: 'secret' };
const github = { forge: 'github', origin: 'https://github.com', token: 'secret' };
const actions = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'me/platform',
  GITHUB_REF: 'refs/pull/12/merge',
};

test.each<[string, string | undefined, Record<string, string>, unknown]>([
  ['a Gitea below a folder', 'https://git.home.arpa/forge/me/platform/pulls/12', token, gitea],
  ['GitHub', 'https://github.com/me/platform/pull/12', token, github],
  ['an action of GitHub', undefined, { ...actions, GITHUB_TOKEN: 'secret' }, github],
  [
    'an action of Gitea',
    undefined,
    { ...actions, ...token, GITEA_ACTIONS: 'true', GITHUB_SERVER_URL: 'https://git.home.arpa/forge/' },
    gitea,
  ],
  [
    'a pipeline of ours',
    undefined,
    {
      ...token,
      CI_COMMIT_PULL_REQUEST: '12',
      CI_FORGE_TYPE: 'gitea',
      CI_FORGE_URL: 'https://git.home.arpa/forge',
      CI_REPO: 'me/platform',
    },
    gitea,
  ],
])('the pull request of %s is known', (_, address, env, access) => {
  expect(toPull(address, env)).toEqual({ access, repository: 'me/platform', number: 12 });
});

test.each<[string, string | undefined, Record<string, string>, string]>([
  [
    'no token',
    'https://github.com/me/platform/pull/12',
    {},
    'no token to comment with; put one into FORGE_TOKEN',
  ],
  [
    'a push',
    undefined,
    { ...token, GITHUB_REF: 'refs/heads/main' },
    'this is no pipeline of a pull request; give its address: --pull <address>',
  ],
  [
    'an issue',
    'https://github.com/me/platform/issues/12',
    token,
    'https://github.com/me/platform/issues/12 is no address of a pull request; expected one such as https://git.home.arpa/me/platform/pulls/12',
  ],
  [
    'an address with credentials',
    'https://me:pw@github.com/me/platform/pull/12',
    token,
    'the forge has no usable address; expected https:// with a host, without credentials',
  ],
])('%s is refused, with what to do', (_, address, env, message) => {
  expect(() => toPull(address, env)).toThrow(new PullError(message));
});

test('the base is HEAD unless another is given, and formats exclude each other', () => {
  expect(parseOptions([])).toMatchObject({ base: 'HEAD', format: 'text', post: false });
  expect(parseOptions(['origin/main', '--json'])).toMatchObject({ base: 'origin/main', format: 'json' });
  expect(parseOptions(['--markdown', '--post'])).toMatchObject({ format: 'markdown', post: true });
  for (const args of [['a', 'b'], ['--json', '--markdown'], ['--pull', 'x'], ['--nothing']])
    expect(() => parseOptions(args)).toThrow(/one base|two formats|says where|Unknown option/);
});
