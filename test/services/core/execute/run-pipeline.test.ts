import { expect, test } from '@jest/globals';
import { type Engine, type RunOptions, runPipeline } from '../../../../services/core/execute/index.ts';
import { parsePipeline } from '../../../../services/core/pipeline/index.ts';

/** Plays the outcome that a step's first command names: an exit code. */
const outcomes: Engine = {
  name: 'outcomes',
  run: async ({ step, write, variables }) => {
    await write(Buffer.from(`${variables.CI_STEP_NAME}.`));
    return { exitCode: Number(step.commands[0]) };
  },
  close: async () => undefined,
};

async function run(text: string, given: Partial<RunOptions> = {}) {
  const facts: string[] = [];
  let output = '';
  const end = await runPipeline({
    plan: parsePipeline(text, 'x.yaml')[0],
    situation: { event: 'push', branch: 'main' },
    engine: outcomes,
    variables: {},
    signal: new AbortController().signal,
    sink: {
      write: (step, bytes) => {
        output += `${step}:${Buffer.from(bytes)}`;
      },
      step: ({ name, state, exitCode }) => {
        facts.push(`${name} ${state}${exitCode === undefined ? '' : ` ${exitCode}`}`);
      },
    },
    ...given,
  });
  return { end, facts, output };
}

test('steps run in order, each said before and after', async () => {
  expect(await run('steps: {a: {commands: 0}, b: {commands: 0}}')).toEqual({
    end: { outcome: 'success' },
    facts: ['a running', 'a success 0', 'b running', 'b success 0'],
    output: 'a:a.b:b.',
  });
});

test('after a failing step the rest is skipped', async () => {
  const { end, facts } = await run('steps: {a: {commands: 3}, b: {commands: 0}}');
  expect(end).toEqual({ outcome: 'failure', exitCode: 3, reason: 'step "a" failed with exit code 3' });
  expect(facts).toEqual(['a running', 'a failure 3', 'b skipped']);
});

test('a failure that is to be ignored is shown, and changes nothing', async () => {
  const { end, facts } = await run('steps: {a: {commands: 3, failure: ignore}, b: {commands: 0}}');
  expect(end).toEqual({ outcome: 'success' });
  expect(facts).toEqual(['a running', 'a failure 3', 'b running', 'b success 0']);
});

test('steps for another event are skipped', async () => {
  const { end, facts } = await run('steps: {a: {commands: 1, when: {event: tag}}, b: {commands: 0}}');
  expect(end).toEqual({ outcome: 'success' });
  expect(facts).toEqual(['a skipped', 'b running', 'b success 0']);
});

test('a file for another branch skips all, with its reason', async () => {
  const { end, facts } = await run('when: {branch: dev}\nsteps: {a: {commands: 0}}');
  expect(end).toEqual({ outcome: 'skipped', reason: '`when` of x.yaml leaves out push on main' });
  expect(facts).toEqual(['a skipped']);
});

test('an abort ends the step that runs and skips the rest', async () => {
  const abort = new AbortController();
  const engine: Engine = {
    ...outcomes,
    run: async () => {
      abort.abort();
      return { exitCode: 143 };
    },
  };
  const { end, facts } = await run('steps: {a: {commands: 0}, b: {commands: 0}}', {
    engine,
    signal: abort.signal,
  });
  expect(end).toEqual({ outcome: 'aborted' });
  expect(facts).toEqual(['a running', 'a cancelled 143', 'b skipped']);
});
