import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createFence } from '../../../services/agent/fence.ts';
import { createOwnSteps } from '../../../services/agent/own-steps.ts';
import type { Claim } from '../../../services/core/job/index.ts';
import { stepDefaults } from '../../../services/core/pipeline/index.ts';
import { openAgentBench } from '../../support/agent.ts';
import { createOutput, openWorkspace } from '../../support/workspace.ts';

const fence = createFence(60_000, () => undefined);
const none = Promise.resolve({ kind: 'none', reason: 'for a test' } as const);
let bench: Awaited<ReturnType<typeof openAgentBench>>;
beforeAll(async () => {
  bench = await openAgentBench();
});
afterAll(() => bench.close());

const suite = (body: string) => `echo '<testsuite>${body}</testsuite>' > junit.xml`;
const run = async (commands: string[], files: Record<string, string> = {}) => {
  const id = await bench.enqueue({
    '.bellows.yaml': JSON.stringify({ steps: [{ name: 'test', commands }] }),
    ...files,
  });
  expect(await bench.agent()).toBe(0);
  const found = await bench.api.queue.job(id);
  return { id, state: found?.job.state, result: found?.result };
};

test('a job that failed says which tests did, and those alone that it ran itself', async () => {
  const commands = [
    'mkdir coverage; printf "SF:a\\nDA:1,1\\nDA:2,0\\n" > coverage/lcov.info',
    `${suite('<testcase name="adds"/><testcase classname="math" name="divides"><failure/></testcase>')}; exit 3`,
  ];
  const { state, result } = await run(commands, {
    'fixtures/junit.xml': '<testsuite><testcase name="x"/></testsuite>',
  });
  expect(state).toBe('failure');
  expect(result?.tests).toEqual({ passed: 1, failed: 1, skipped: 0, failing: ['math > divides'] });
  expect(result?.coverage).toEqual({ covered: 1, total: 2 });
});

test('a job without reports has none in its result', async () => {
  const { state, result } = await run(['true']);
  expect([state, result?.tests, result?.coverage]).toEqual(['success', undefined, undefined]);
});

test('a report that is broken is said in the log, and changes nothing else', async () => {
  const { id, state } = await run(['echo "<testsuite>" > junit.xml']);
  expect(state).toBe('success');
  const { chunks } = await bench.api.queue.readLog(id, { after: 0 });
  expect(Buffer.concat(chunks.map(({ bytes }) => bytes)).toString()).toContain(
    'junit.xml cannot be read: it is no well-formed XML',
  );
});

test('a secret in the name of a failed test is masked', async () => {
  await bench.api.deps.repositorySecrets?.put('gitea/a/b', 'token', 'hunter2hunter2', { setBy: 'test' });
  const text = `steps:\n- name: test\n  environment: { TOKEN: { from_secret: token } }\n  commands:\n  - echo "<testsuite><testcase name='got $TOKEN'><failure/></testcase></testsuite>" > junit.xml`;
  const id = await bench.enqueue({ '.bellows.yaml': text });
  expect(await bench.agent()).toBe(0);
  expect((await bench.api.queue.job(id))?.result?.tests?.failing).toEqual(['got ***']);
});

test('a step that reads reports says what it read, and fails where it cannot', async () => {
  const workspace = await openWorkspace();
  const never = () => Promise.reject(new Error('not asked'));
  const artifacts = { open: never, put: never, close: never };
  const own = createOwnSteps(
    { claim: {} as Claim, uid: undefined, measured: {}, artifacts, path: '', graceMs: 100, fence },
    workspace,
    none,
  );
  const read = async (junit: string[], signal = new AbortController().signal) => {
    const output = createOutput();
    const settings = { junit, coverage: [] };
    const step = { ...stepDefaults, name: 'r', commands: [], kind: 'reports', settings } as const;
    const end = await own.reports?.({ step, variables: {}, write: output.write, signal });
    return [end?.exitCode, output.text];
  };
  try {
    expect(await read(['*.xml'])).toEqual([1, 'No file is called *.xml.\n']);
    expect(await read(['../*'])).toEqual([1, 'The pattern "../*" leads out of the workspace.\n']);
    expect(await read(['*.xml'], AbortSignal.abort())).toEqual([143, '']);
  } finally {
    await workspace.close();
  }
});
