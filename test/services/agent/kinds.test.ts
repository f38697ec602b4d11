import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openFolderStore } from '../../../services/core/store/index.ts';
import { openAgentBench } from '../../support/agent.ts';

/** Steps that are the agent's own work, from the pipeline file to what people see. */

let folder: string;
let bench: Awaited<ReturnType<typeof openAgentBench>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-kinds-'));
  bench = await openAgentBench({ store: await openFolderStore(folder) });
});
afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true });
});

const run = async (pipeline: string, spec: Parameters<typeof bench.enqueue>[1] = {}) => {
  const id = await bench.enqueue({ '.bellows.yaml': pipeline, Dockerfile: 'FROM scratch\n' }, spec);
  expect(await bench.agent()).toBe(0);
  const found = await bench.api.queue.job(id);
  const { chunks } = await bench.api.queue.readLog(id, { after: 0 });
  return { id, ...found, log: Buffer.concat(chunks.map(({ bytes }) => bytes)).toString() };
};

test('what a failed test has left is kept and counted, by the words of the file', async () => {
  const { id, job, result, log } = await run(`
steps:
- name: test
  commands: |
    mkdir -p out/logs; echo trace > out/logs/trace.txt
    echo '<testsuite><testcase name="turns"><failure/></testcase></testsuite>' > out/results.xml
    exit 1
- name: reports
  kind: reports
  settings: { junit: out/*.xml }
  when: { status: [success, failure] }
- name: keep
  kind: artifacts
  settings: { name: traces, paths: out/logs }
  when: { status: [success, failure] }
`);
  expect(job?.state).toBe('failure');
  expect(job?.steps.map(({ name, state }) => [name, state])).toEqual([
    ['clone', 'success'],
    ['test', 'failure'],
    ['reports', 'success'],
    ['keep', 'success'],
  ]);
  expect(result).toMatchObject({
    tests: { failed: 1, failing: ['turns'] },
    artifacts: { count: 1, bytes: 6 },
  });
  expect((await bench.api.deps.artifacts.list(id)).map(({ path }) => path)).toEqual([
    'traces/out/logs/trace.txt',
  ]);
  expect(log).toContain('out/results.xml: 0 passed, 1 failed, 0 skipped\n  failed: turns\n');
});

test('reports are read where the step that names them did not come to it', async () => {
  const { job, result } = await run(`
steps:
- name: test
  commands: echo '<testsuite><testcase name="a"/></testsuite>' > mine.xml; exit 1
- name: reports
  kind: reports
  settings: { junit: mine.xml }
`);
  expect(job?.steps.at(-1)?.state).toBe('skipped');
  expect(result?.tests).toMatchObject({ passed: 1, failed: 0 });
});

test('a fork’s pull request asks for no login, and its image goes nowhere', async () => {
  const { job, log } = await run(
    `
steps:
- name: image
  kind: image
  settings: { repo: 127.0.0.1:1/team/app, username: ci, password: { from_secret: registry } }
`,
    { event: 'pull_request', ref: 'refs/pull/1/head', pullRequest: { number: 1, head: 'x', fork: true } },
  );
  // Whether there is a buildah here or not: no secret was missed, and nobody was asked.
  expect(log).toMatch(/pushed nowhere|no image can be built here/);
  expect(job?.reason ?? '').not.toContain('secret');
});
