import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { toGitEnvironment } from '../../../../services/core/execute/git.ts';
import {
  CheckoutError,
  type CloneTarget,
  CommitGoneError,
  checkout,
  findTool,
  finishCheckout,
  isUnfinished,
} from '../../../../services/core/execute/index.ts';
import type { CloneOptions } from '../../../../services/core/pipeline/index.ts';
import { type GitHttp, type GitHttpOptions, openGitHttp } from '../../../support/git-http.ts';
import { openWorkspace } from '../../../support/workspace.ts';

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
let forge: GitHttp;

beforeEach(async () => {
  workspace = await openWorkspace();
});

afterEach(async () => {
  await forge?.close();
  await workspace.close();
});

const open = async (options?: GitHttpOptions) => {
  forge = await openGitHttp(options);
};

const fetch = (
  sha: string,
  given: Partial<CloneTarget & { ref: string; path: string; signal: AbortSignal }> = {},
) => {
  const { ref = 'refs/heads/main', signal = new AbortController().signal, ...rest } = given;
  const { path = process.env.PATH ?? '', ...target } = rest;
  return checkout({
    target: { url: forge.url('a/b'), ...target },
    ref,
    sha,
    workspace,
    path,
    signal,
  });
};

const read = (name: string) => readFile(join(workspace.tree, name), 'utf8');

describe('a checkout', () => {
  test.each(['sha1', 'sha256'] as const)(
    'of a repository with %s ids takes two runs of git: the commit is read without',
    async (format) => {
      await open();
      const sha = await forge.commit('a/b', { file: 'one' }, { format });
      const asked = join(workspace.folder, 'asked');
      const git = findTool(process.env.PATH ?? '', 'git');
      const own = `#!/bin/sh\necho "$1" >> ${asked}\nexec ${git} "$@"\n`;
      await writeFile(join(workspace.folder, 'git'), own, { mode: 0o755 });
      const commit = await fetch(sha, { path: `${workspace.folder}:${process.env.PATH}` });
      expect(commit.message).toBe('A change');
      expect(await read('file')).toBe('one');
      expect((await readFile(asked, 'utf8')).trim().split('\n')).toEqual(['fetch', 'checkout']);
    },
  );

  test('has exactly the files of the commit, fetched in two requests', async () => {
    await open();
    const first = await forge.commit('a/b', { file: 'one', 'deep/er': 'x' });
    await forge.commit('a/b', { file: 'two' });
    forge.requests.length = 0;
    await fetch(first);
    expect(await read('file')).toBe('one');
    expect((await readdir(workspace.tree)).sort()).toEqual(['.git', 'deep', 'file']);
    expect(forge.requests.map(({ line }) => line.split('?')[0])).toEqual([
      'GET /a/b.git/info/refs',
      'POST /a/b.git/git-upload-pack',
    ]);
  });

  test('shows its credentials unasked, and leaves none behind', async () => {
    await open({ password: 'pass word' });
    const sha = await forge.commit('a/b', { file: 'one' });
    await fetch(sha, { username: 'job', password: 'pass word' });
    expect(new Set(forge.requests.map(({ user }) => user))).toEqual(new Set(['job']));
    const config = await readFile(join(workspace.tree, '.git', 'config'), 'utf8');
    expect(config).toContain(`url = "${forge.url('a/b')}"`);
    expect(config).not.toMatch(/pass|Basic|Authorization/);
  });

  test('falls back to the ref where a forge gives no commits by their id', async () => {
    // Protocol 0 refuses what no ref points to.
    await open({ protocol: 0 });
    const first = await forge.commit('a/b', { file: 'one' });
    await forge.commit('a/b', { file: 'two' });
    await fetch(first);
    expect(await read('file')).toBe('one');
  });

  test('runs nothing that the repository brings along', async () => {
    await open();
    const sha = await forge.commit('a/b', {
      '.gitattributes': '* filter=lfs\n*.x filter=evil',
      '.gitmodules': '[submodule "m"]\n\tpath = m\n\turl = ext::touch /tmp/evil',
      '.lfsconfig': '[lfs]\n\turl = http://127.0.0.1:1/',
      file: 'version https://git-lfs.github.com/spec/v1\n',
    });
    await fetch(sha);
    expect(await read('file')).toBe('version https://git-lfs.github.com/spec/v1\n');
    expect(await readdir(join(workspace.tree, '.git'))).not.toContain('hooks');
  });
});

describe('a checkout that cannot be', () => {
  test('of a commit that was pushed away is the fault of who pushed', async () => {
    await open();
    const gone = '1'.repeat(40);
    await forge.commit('a/b', { file: 'one' });
    await expect(fetch(gone)).rejects.toThrow(CommitGoneError);
    await expect(fetch(gone)).rejects.toThrow();
  });

  test('of a ref that is gone too says so', async () => {
    await open();
    await forge.commit('a/b', { file: 'one' });
    await expect(fetch('1'.repeat(40), { ref: 'refs/heads/none' })).rejects.toThrow(
      'refs/heads/none is not there any more',
    );
  });

  test.each<[string, GitHttpOptions]>([
    ['an answer of 500', { intercept: (_, response) => response.writeHead(500).end() }],
    ['a wrong password', { password: 'other' }],
    ['a hang-up', { intercept: (request) => request.destroy() }],
    [
      'a redirect',
      { intercept: (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end() },
    ],
  ])('because of %s is trouble that may pass, and says nothing secret', async (_, options) => {
    await open(options);
    const sha = await forge.commit('a/b', { file: 'one' });
    const failed = fetch(sha, { username: 'job', password: 'the-secret' }).catch((error: unknown) => error);
    const error = (await failed) as Error;
    expect(error).toBeInstanceOf(CheckoutError);
    expect(error.message).toMatch(/^the repository cannot be fetched: ./);
    expect(error.message).not.toContain('the-secret');
  });

  test('ends at once when it is aborted', async () => {
    const abort = new AbortController();
    await open({
      intercept: () => {
        abort.abort(new Error('stop'));
      },
    });
    await expect(fetch('1'.repeat(40), { signal: abort.signal })).rejects.toThrow('stop');
  });

  test.each([
    ['--upload-pack=touch x', '1'.repeat(40)],
    ['refs/heads/a b', '1'.repeat(40)],
    ['refs/heads/main', '--upload-pack=touch x'],
    ['refs/heads/main', 'HEAD'],
  ])('with ref %j and commit %j never reaches git', async (ref, sha) => {
    await open();
    await expect(fetch(sha, { ref })).rejects.toThrow();
    expect(forge.requests).toEqual([]);
  });

  test.each([
    'ext::touch x',
    'file:///etc',
    'ssh://host/x',
    '--upload-pack=x',
    '/etc',
    'http://user:pass@host/x',
  ])('from %s never reaches git', async (url) => {
    await open();
    await expect(fetch('1'.repeat(40), { url })).rejects.toThrow();
    expect(await readdir(workspace.tree)).toEqual([]);
  });
});

test("git knows nothing of the machine's and the user's settings, and one protocol", async () => {
  await open();
  const env = toGitEnvironment(
    { url: 'https://forge.example/a/b.git', password: 'p' },
    await realpath(workspace.home),
    '/bin',
  );
  expect(env).toMatchObject({
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    PATH: '/bin',
    HOME: workspace.home,
  });
  const settings = Object.entries(env)
    .filter(([key]) => key.startsWith('GIT_CONFIG_KEY'))
    .map(([, value]) => value);
  expect(settings.filter((key) => /^protocol\..*allow$/.test(key))).toEqual([
    'protocol.allow',
    'protocol.https.allow',
  ]);
});

describe('what a plan asks of the clone besides', () => {
  const usual = { skip: false, lfs: true, submodules: false, tags: false };
  const finish = async (
    sha: string,
    clone: Partial<CloneOptions>,
    isForeign = false,
    target: Partial<CloneTarget> = {},
  ) => {
    const said: string[] = [];
    const { signal } = new AbortController();
    await finishCheckout({
      target: { url: forge.url('a/b'), ...target },
      ...{ ref: 'refs/heads/main', sha, workspace, path: process.env.PATH ?? '', signal, isForeign },
      clone: { ...usual, ...clone },
      say: (line) => void said.push(line),
    });
    return said;
  };
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: workspace.tree, encoding: 'utf8' }).trim();

  test('is nothing most often', async () => {
    await open();
    await fetch(await forge.commit('a/b', { file: 'one' }));
    expect(await isUnfinished(workspace.tree, usual)).toBe(false);
  });

  test.each([
    [2, {}, '2'],
    [0, {}, '3'],
    [3, { partial: true }, '3'],
  ])('is a history of %i commits (0: all)', async (depth, given, commits) => {
    await open();
    for (const text of ['one', 'two']) await forge.commit('a/b', { file: text });
    await forge.git('a/b', 'config', 'uploadpack.allowFilter', 'true');
    const sha = await forge.commit('a/b', { file: 'three' });
    await fetch(sha);
    await finish(sha, { depth, ...given });
    expect(git('rev-list', '--count', 'HEAD')).toBe(commits);
    expect(await read('file')).toBe('three');
  });

  test('is the tags, or an empty folder', async () => {
    await open();
    const sha = await forge.commit('a/b', { file: 'one' });
    await forge.git('a/b', 'tag', 'v1', sha);
    await fetch(sha);
    await finish(sha, { tags: true });
    expect(git('tag')).toBe('v1');
    await finish(sha, { skip: true });
    expect(await readdir(workspace.tree)).toEqual([]);
  });

  const commitSubmodule = async (url: string, inner: string) => {
    await forge.commit('a/b', { '.gitmodules': `[submodule "lib"]\n\tpath = lib\n\turl = ${url}\n` });
    await forge.git('a/b', 'read-tree', 'refs/heads/main');
    await forge.git('a/b', 'update-index', '--add', '--cacheinfo', `160000,${inner},lib`);
    const written = await forge.git('a/b', 'write-tree');
    const sha = await forge.git('a/b', 'commit-tree', written, '-p', 'refs/heads/main', '-m', 'Use the lib');
    await forge.git('a/b', 'update-ref', 'refs/heads/main', sha);
    return sha;
  };

  test('is the submodules, but not those that a stranger names', async () => {
    await open();
    const inner = await forge.commit('a/inner', { deep: 'inside' });
    const sha = await commitSubmodule(forge.url('a/inner'), inner);
    await fetch(sha);
    expect(await finish(sha, { submodules: true }, true)).toEqual([
      'Submodules are not fetched for what a stranger wrote.',
    ]);
    expect(await readdir(join(workspace.tree, 'lib'))).toEqual([]);
    await finish(sha, { submodules: true });
    expect(await read('lib/deep')).toBe('inside');
  });

  test('but no submodule of another forge, at which nobody looks', async () => {
    await open();
    const other = await openGitHttp();
    try {
      const inner = await other.commit('a/inner', { deep: 'inside' });
      const sha = await commitSubmodule(other.url('a/inner'), inner);
      await fetch(sha);
      await expect(finish(sha, { submodules: true })).rejects.toThrow(
        `a submodule, which must be of ${forge.origin}, cannot be fetched`,
      );
      expect(other.requests).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test('is said where it cannot be: files in LFS without git-lfs, or of a stranger', async () => {
    await open();
    const sha = await forge.commit('a/b', { '.gitattributes': '*.bin filter=lfs\n', 'a.bin': 'pointer' });
    await fetch(sha);
    expect(await isUnfinished(workspace.tree, usual)).toBe(true);
    const [line = ''] = await finish(sha, {}, true);
    expect(line).toBe('Files in Git LFS stay pointers for what a stranger wrote.');
    expect(await isUnfinished(workspace.tree, { ...usual, lfs: false })).toBe(false);
  });

  const lfsIsHere = spawnSync('git', ['lfs', 'version'], { stdio: 'ignore' }).status === 0;
  if (!lfsIsHere) process.stderr.write('not tried: files in Git LFS, since there is no git-lfs\n');
  const claim = lfsIsHere ? test : test.skip;
  const toPointer = (content: Buffer) => {
    const oid = createHash('sha256').update(content).digest('hex');
    const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
    return { oid, text };
  };

  claim('is the files in LFS, of the repository’s own place, with its credentials', async () => {
    const content = Buffer.from('large, once');
    const { oid, text } = toPointer(content);
    await open({ password: 'pass word', lfs: new Map([[oid, content]]) });
    const sha = await forge.commit('a/b', {
      '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
      // A place of the author's choice could be any.
      '.lfsconfig': '[lfs]\n\turl = http://127.0.0.1:1/\n',
      'deep/a.bin': text,
    });
    const target = { username: 'job', password: 'pass word' };
    await fetch(sha, target);
    expect(await read('deep/a.bin')).toBe(text);
    expect(await finish(sha, {}, false, target)).toEqual([]);
    expect(await read('deep/a.bin')).toBe('large, once');
    expect(git('status', '--porcelain', '--untracked-files=no')).toBe('');
  });

  claim('or an error, where one of them is lost', async () => {
    await open({ lfs: new Map() });
    const { text } = toPointer(Buffer.from('lost'));
    const sha = await forge.commit('a/b', { '.gitattributes': '*.bin filter=lfs\n', 'a.bin': text });
    await fetch(sha);
    await expect(finish(sha, {})).rejects.toThrow('a file in Git LFS cannot be fetched');
  });
});
