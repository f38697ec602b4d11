import { link, mkdir, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findReports, toReportLines } from '../../../services/agent/reports.ts';
import { openWorkspace } from '../../support/workspace.ts';

const junit = '<testsuite><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>';
const lcov = 'TN:\nSF:a.c\nDA:1,1\nDA:2,0\nend_of_record\n';
const signal = new AbortController().signal;

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

const write = async (path: string, text: string, at?: Date) => {
  const file = join(workspace.tree, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  if (at !== undefined) await utimes(file, at, at);
};
const find = (settings?: { junit: string[]; coverage: string[] }, since = 0) =>
  findReports({ tree: workspace.tree, uid: undefined, settings, since, signal });

describe('where nothing is said', () => {
  test('reports are found where the usual tools write them', async () => {
    await write('target/nextest/ci/junit.xml', junit);
    await write('web/coverage/lcov.info', lcov);
    expect((await find()).summary).toEqual({
      tests: { passed: 1, failed: 1, skipped: 0, failing: ['b'] },
      coverage: { covered: 1, total: 2 },
    });
  });

  test('what the commit holds is nobody’s result', async () => {
    await write('fixtures/junit.xml', junit, new Date(1000));
    expect(await find(undefined, 1000)).toMatchObject({ reports: [], problems: [] });
  });

  test('what others have made is not looked at', async () => {
    await write('node_modules/x/junit.xml', junit);
    await write('.git/junit.xml', junit);
    expect((await find()).reports).toEqual([]);
  });

  test('a copy counts once', async () => {
    await write('junit.xml', junit);
    await write('reports/junit.xml', junit);
    expect((await find()).summary.tests).toMatchObject({ passed: 1, failed: 1 });
  });

  test('an empty tree says nothing', async () => {
    expect(await find()).toEqual({ summary: {}, reports: [], problems: [] });
  });
});

describe('hostile trees', () => {
  test('a broken report is told, and the others count', async () => {
    await write('a/junit.xml', '<testsuite><testcase name="&x;"/></testsuite>');
    await write('b/junit.xml', junit);
    const { summary, problems } = await find();
    expect(summary.tests).toMatchObject({ passed: 1 });
    expect(problems).toEqual([
      expect.stringContaining('a/junit.xml cannot be read: it is no well-formed XML'),
    ]);
  });

  test('a huge one is not read', async () => {
    await write('junit.xml', '');
    await truncate(join(workspace.tree, 'junit.xml'), 33 * 1024 * 1024);
    expect((await find()).problems).toEqual([expect.stringContaining('is not read: it has 34603008 bytes')]);
  });

  test('links lead nowhere', async () => {
    const outside = join(workspace.home, 'junit.xml');
    await writeFile(outside, junit);
    await symlink(outside, join(workspace.tree, 'junit.xml'));
    await symlink(workspace.home, join(workspace.tree, 'reports'));
    expect((await find()).reports).toEqual([]);
    const { problems } = await find({ junit: ['*.xml', 'reports/*.xml'], coverage: [] });
    expect(problems).toEqual([
      expect.stringContaining('No file is called'),
      'junit.xml is not read: it is no plain file.',
    ]);
    // As another user than who owns it, a hard link is none of theirs.
    await link(outside, join(workspace.tree, 'test-results.xml'));
    const as = (uid: number | undefined) =>
      findReports({ tree: workspace.tree, uid, settings: undefined, since: 0, signal });
    expect((await as(undefined)).reports).toHaveLength(1);
    expect((await as(12345)).reports).toEqual([]);
  });

  test('a job that is cancelled meanwhile reads no further', async () => {
    await write('junit.xml', junit);
    const options = { tree: workspace.tree, uid: undefined, settings: undefined, since: 0 };
    await expect(findReports({ ...options, signal: AbortSignal.abort() })).rejects.toThrow('aborted');
  });
});

describe('a step', () => {
  test('reads what it names, and says what it found', async () => {
    await write('out/results.xml', junit, new Date(1000));
    await write('out/cov.txt', lcov);
    await write('out/pom.xml', '<project/>');
    const found = await find({ junit: ['out/*.xml'], coverage: ['out/cov.txt'] }, Date.now());
    expect(toReportLines(found)).toEqual([
      'out/cov.txt: 1 of 2 lines are covered',
      'out/pom.xml: neither tests nor coverage',
      'out/results.xml: 1 passed, 1 failed, 0 skipped',
      '  failed: b',
    ]);
  });
});
