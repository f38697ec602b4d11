import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createFence, type Fence, reachesOut } from '../../../services/agent/fence.ts';
import type { StepRun } from '../../../services/core/execute/index.ts';
import { stepDefaults } from '../../../services/core/pipeline/index.ts';
import { toKey } from '../../../services/core/queue/keys.ts';
import { type AgentBench, openAgentBench } from '../../support/agent.ts';
import { until } from '../../support/until.ts';

let fence: Fence | undefined;
afterEach(() => {
  fence?.close();
  fence = undefined;
});
const secrets = [{ variable: 'TOKEN', secret: 'token', position: { line: 1, column: 1 } }];
const toRun = (step: object, signal = new AbortController().signal): StepRun => ({
  step: { ...stepDefaults, name: 'a', commands: [], ...step },
  variables: {},
  write: () => undefined,
  signal,
});

test('a fence is told of silence while a step that reaches out runs, and of none for another', async () => {
  let silences = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  fence = createFence(20, () => {
    silences += 1;
    resolve();
  });
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const run = fence.guard(async () => {
    await over;
    return { exitCode: 0 };
  });
  const running = [run(toRun({})), run(toRun({ secrets }))];
  await promise;
  fence.heard(performance.now() - 1000);
  end();
  await Promise.all(running);
  expect(silences).toBe(1);
});

test('a fence lets no step that reaches out begin in silence, until a heartbeat is answered or the build is ended', async () => {
  fence = createFence(60_000, () => undefined);
  const begun: string[] = [];
  const begin = fence.guard(async ({ step }) => {
    begun.push(step.name);
    return { exitCode: 0 };
  });
  // As old as a lease: silent from the next turn on.
  fence.heard(performance.now() - 60_000);
  await new Promise((resolve) => setTimeout(resolve, 2));
  const abort = new AbortController();
  const held = begin(toRun({ secrets, name: 'held' }));
  const ended = begin(toRun({ kind: 'plugin', name: 'ended' }, abort.signal));
  await begin(toRun({ name: 'plain' }));
  expect(begun).toEqual(['plain']);
  abort.abort();
  await ended;
  expect(begun).toEqual(['plain', 'ended']);
  fence.heard(performance.now());
  await held;
  expect(begun).toEqual(['plain', 'ended', 'held']);
});

test('a step reaches out with a secret, as a plugin, or as an image that is sent', () => {
  const steps = [
    {},
    { secrets: [] },
    { secrets },
    { kind: 'plugin' },
    { kind: 'image' },
    { kind: 'artifacts' },
  ];
  expect(steps.map((step) => reachesOut(toRun(step).step))).toEqual([false, false, true, true, true, false]);
});

let bench: AgentBench;
let folder: string;
let close = async (): Promise<void> => undefined;
const open = async (leaseMs: number) => {
  bench = await openAgentBench({ leaseMs });
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-fence-'));
  close = async () => {
    close = async () => undefined;
    await bench.close();
    await rm(folder, { recursive: true });
  };
  const secret = { setBy: 'test', events: ['push'] as 'push'[] };
  await bench.api.deps.repositorySecrets?.put('gitea/a/b', 'token', 'secret-of-the-test', secret);
};
afterEach(() => close());
/** Says when it begins, and when it is asked to end. */
const enqueue = (more: object) => {
  const commands = `trap "date +%s%3N > ${folder}/ended; exit 1" TERM; echo is ready; while :; do sleep 0.02; done`;
  return bench.enqueue({ '.bellows.yaml': JSON.stringify({ steps: { deploy: { commands, ...more } } }) });
};
const environment = { TOKEN: { from_secret: 'token' } };
const lease = async (id: string) => Number(await bench.api.commands.zscore(toKey('leases'), id));

test('an agent that is not heard of ends what reaches out before its lease ends, keeps its log, and says why when it is heard again', async () => {
  await open(3000);
  const id = await enqueue({ environment });
  const ended = bench.agent();
  await bench.untilLogged(id, 'is ready');
  // As an api that was stopped: it takes connections, and answers nothing.
  const held: IncomingMessage[] = [];
  bench.setFault((request) => held.push(request) > 0);
  const end = await lease(id);
  const at = async () => Number(await readFile(`${folder}/ended`, 'utf8').catch(() => ''));
  await until(async () => (await at()) > 0);
  expect(await at()).toBeLessThan(end);
  bench.setFault(undefined);
  for (const request of held) request.destroy();
  expect(await ended).toBe(0);
  expect(await bench.job(id)).toMatchObject({
    state: 'delayed',
    attempt: 1,
    reason: expect.stringContaining('the api did not answer'),
  });
  expect(await bench.log(id)).toContain('is ready');
});

test('an agent whose job was given to another says nothing more when it is back', async () => {
  await open(1000);
  const id = await enqueue({ environment });
  const ended = bench.agent();
  await bench.untilLogged(id, 'is ready');
  bench.setFault((request) => void request.destroy() === undefined);
  await until(async () => (await readFile(`${folder}/ended`, 'utf8').catch(() => '')) !== '');
  await bench.api.queue.lost('agent-1', 'a test');
  bench.setFault(undefined);
  expect(await ended).toBe(3);
  expect(await bench.job(id)).toMatchObject({ state: 'queued', attempt: 1 });
});

test('an agent that is not heard of goes on with what stays on its machine', async () => {
  await open(400);
  const id = await bench.enqueue({
    '.bellows.yaml': JSON.stringify({
      steps: {
        test: { commands: `echo is ready; until [ -e ${folder}/go ]; do sleep 0.02; done; echo done` },
      },
    }),
  });
  const ended = bench.agent();
  await bench.untilLogged(id, 'is ready');
  bench.setFault((request) => void request.destroy() === undefined);
  await until(async () => (await lease(id)) < Date.now());
  bench.setFault(undefined);
  await writeFile(`${folder}/go`, '');
  expect(await ended).toBe(0);
  expect((await bench.job(id)).state).toBe('success');
});
