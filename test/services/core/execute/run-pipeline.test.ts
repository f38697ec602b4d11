import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  CannotRunError,
  type Engine,
  EngineError,
  type RunOptions,
  runPipeline,
} from '../../../../services/core/execute/index.ts';
import {
  type Plan,
  type PlannedStep,
  parsePipeline,
  planDefaults,
  stepDefaults,
} from '../../../../services/core/pipeline/index.ts';

/** Plays the outcome that a step's first command names: an exit code. */
const outcomes: Engine = {
  name: 'outcomes',
  prepare: async () => undefined,
  answers: async () => true,
  run: async ({ step, write, variables }) => {
    await write(Buffer.from(`${variables.CI_STEP_NAME}.`));
    return { exitCode: Number(step.commands[0]) };
  },
  close: async () => undefined,
};

async function run(text: string | Plan, given: Partial<RunOptions> = {}) {
  const facts: string[] = [];
  let output = '';
  const end = await runPipeline({
    plan: typeof text === 'string' ? parsePipeline(text, 'x.yaml')[0] : text,
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

function toStep(name: string, given: Partial<PlannedStep> = {}): PlannedStep {
  return { ...stepDefaults, name, commands: ['0'], ...given } as PlannedStep;
}
function toPlan(steps: PlannedStep[], given: Partial<Plan> = {}): Plan {
  return { ...planDefaults, source: 'x.yaml', detected: false, workflow: 'x', when: [], steps, ...given };
}
const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
/** As `outcomes`; the step whose command is `wait` runs until it is ended. */
const waiting: Engine = {
  ...outcomes,
  run: async (run) => {
    if (run.step.commands[0] !== 'wait') return outcomes.run(run);
    await untilAborted(run.signal);
    return { exitCode: 143 };
  },
};

describe('a graph of steps', () => {
  test('begins no step before its needs have ended, runs all at once that may, and keeps what each writes apart', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            needs: fc.uniqueArray(fc.nat(9), { maxLength: 4 }),
            turns: fc.nat(6),
            exitCode: fc.constantFrom(0, 0, 0, 0, 1),
            ignore: fc.boolean(),
          }),
          { minLength: 1, maxLength: 10 },
        ),
        async (given) => {
          const steps = given.map(({ needs, exitCode, ignore }, i) =>
            toStep(`s${i}`, {
              commands: [String(exitCode)],
              dependsOn: [...new Set(needs.filter((need) => need < i).map((need) => `s${need}`))],
              failure: ignore ? 'ignore' : 'fail',
            }),
          );
          const log: string[] = [];
          const output = new Map<string, string>();
          const engine: Engine = {
            ...outcomes,
            run: async ({ step, write }) => {
              const { turns = 0, exitCode = 0 } = given[Number(step.name.slice(1))] ?? {};
              for (let i = 0; i < turns; i++) {
                await write(Buffer.from(step.name));
                await new Promise((resolve) => setImmediate(resolve));
              }
              return { exitCode };
            },
          };
          const end = await runPipeline({
            plan: toPlan(steps),
            situation: { event: 'push', branch: 'main' },
            engine,
            variables: {},
            signal: new AbortController().signal,
            sink: {
              write: (step, bytes) => void output.set(step, (output.get(step) ?? '') + Buffer.from(bytes)),
              step: ({ name, state }) => void log.push(`${name} ${state}`),
            },
          });
          const failed = steps.filter(
            ({ name, failure }) => failure === 'fail' && log.includes(`${name} failure`),
          );
          expect(end.outcome).toBe(failed.length > 0 ? 'failure' : 'success');
          for (const { name, dependsOn = [] } of steps) {
            const facts = log.filter((line) => line.startsWith(`${name} `));
            const isSkipped = facts[0] === `${name} skipped`;
            expect(facts).toHaveLength(isSkipped ? 1 : 2);
            if (isSkipped) expect(failed).not.toEqual([]);
            const begun = log.indexOf(facts[0] ?? '');
            for (const need of dependsOn) {
              const ended = log.findLastIndex((line) => line.startsWith(`${need} `));
              expect(ended).toBeLessThan(begun);
            }
            const turns = given[Number(name.slice(1))]?.turns ?? 0;
            expect(output.get(name) ?? '').toBe(isSkipped ? '' : name.repeat(turns));
          }
        },
      ),
      { numRuns: 200 },
    ));

  test('runs what is free at the same time', async () => {
    const both = Promise.withResolvers<void>();
    let running = 0;
    const engine: Engine = {
      ...outcomes,
      run: async () => {
        running += 1;
        if (running === 2) both.resolve();
        await both.promise;
        return { exitCode: 0 };
      },
    };
    const plan = toPlan([toStep('a', { dependsOn: [] }), toStep('b')]);
    expect((await run(plan, { engine })).end).toEqual({ outcome: 'success' });
  });

  test.each([
    [
      'a step that is not there',
      [toStep('a', { dependsOn: ['x'] })],
      'step "a" needs "x", which does not exist',
    ],
    [
      'a step that is left out',
      [toStep('a', { when: [{ event: ['tag'] }] }), toStep('b', { dependsOn: ['a'] })],
      'step "b" needs "a", which its `when` leaves out',
    ],
    [
      'itself',
      [toStep('a', { dependsOn: ['b'] }), toStep('b', { dependsOn: ['a'] })],
      'these steps need each other: "a", "b"',
    ],
  ])('in which one needs %s fails before anything runs', async (_, steps, reason) => {
    const { end, facts } = await run(toPlan(steps));
    expect(end).toEqual({ outcome: 'failure', reason });
    expect(facts.every((fact) => fact.endsWith(' skipped'))).toBe(true);
  });

  test('does without a step that may be left out', async () => {
    const steps = [
      toStep('a', { when: [{ event: ['tag'] }] }),
      toStep('b', { dependsOn: ['a'], optionalNeeds: ['a'] }),
    ];
    expect((await run(toPlan(steps))).end).toEqual({ outcome: 'success' });
  });
});

describe('what a failure means', () => {
  const on = (...status: ('success' | 'failure')[]) => ({ when: [{ status }] });

  test('a step that asks for one runs then, and only then', async () => {
    const rest = [toStep('b'), toStep('c', on('failure')), toStep('d', on('success', 'failure'))];
    const { end, facts } = await run(toPlan([toStep('a', { commands: ['3'] }), ...rest]));
    expect(end).toMatchObject({ outcome: 'failure', exitCode: 3 });
    expect(facts.slice(2)).toEqual(['b skipped', 'c running', 'c success 0', 'd running', 'd success 0']);
    expect((await run(toPlan([toStep('a'), ...rest]))).facts).toContain('c skipped');
  });

  test('`failure: cancel` ends what runs beside it, and says that the pipeline is to end', async () => {
    const steps = [
      toStep('a', { dependsOn: [], commands: ['wait'] }),
      toStep('b', { commands: ['4'], failure: 'cancel' }),
      toStep('c', { dependsOn: ['b'], ...on('failure') }),
    ];
    const { end, facts } = await run(toPlan(steps), { engine: waiting });
    expect(end).toMatchObject({ outcome: 'failure', exitCode: 4, endsPipeline: true });
    expect(facts).toContain('a cancelled 143');
    expect(facts).toContain('c skipped');
  });

  test('a step that could not be run ends all, and is no failure', async () => {
    const engine: Engine = {
      ...waiting,
      run: async (given) => {
        if (given.step.name === 'b') throw new EngineError('no process could be started');
        return waiting.run(given);
      },
    };
    const steps = [toStep('a', { dependsOn: [], commands: ['wait'] }), toStep('b')];
    await expect(run(toPlan(steps), { engine })).rejects.toThrow('no process could be started');
  });

  test('what the engine does not have fails the job, with its reason', async () => {
    const engine: Engine = {
      ...outcomes,
      prepare: async () => {
        throw new CannotRunError('needs a container engine');
      },
    };
    const { end, facts } = await run(toPlan([toStep('a')]), { engine });
    expect(end).toEqual({ outcome: 'failure', reason: 'needs a container engine' });
    expect(facts).toEqual(['a skipped']);
  });
});

describe('a time limit', () => {
  test('ends its step, which has then failed', async () => {
    const plan = toPlan([toStep('a', { commands: ['wait'], timeoutMs: 20 }), toStep('b')]);
    const { end, facts } = await run(plan, { engine: waiting });
    expect(end).toMatchObject({ reason: 'step "a" ran longer than its limit of 0.02 s' });
    expect(facts).toEqual(['a running', 'a failure 143', 'b skipped']);
  });
});

describe('what runs beside the steps', () => {
  test('a detached step keeps nobody waiting, and is ended after the last', async () => {
    const plan = toPlan([toStep('server', { commands: ['wait'], detach: true }), toStep('b')]);
    const { end, facts } = await run(plan, { engine: waiting });
    expect(end).toEqual({ outcome: 'success' });
    expect(facts).toEqual(['server running', 'b running', 'b success 0', 'server success']);
  });

  test('services are ready before the first step, and end after the last, whatever became of it', async () => {
    let asked = 0;
    const engine: Engine = { ...waiting, answers: async (_service, port) => port === 5432 && ++asked > 2 };
    const services = [toStep('db', { commands: ['wait'], ports: [5432] })];
    const plan = toPlan([toStep('a', { commands: ['1'] })], { services });
    const { end, facts } = await run(plan, { engine });
    expect(asked).toBe(3);
    expect(end.outcome).toBe('failure');
    expect(facts).toEqual(['db running', 'a running', 'a failure 1', 'db success']);
  });

  test('without its service no step begins: one that ends, and one that is never ready', async () => {
    const engine: Engine = { ...waiting, answers: async () => false };
    const of = (command: string) =>
      run(toPlan([toStep('a')], { services: [toStep('db', { commands: [command], ports: [1] })] }), {
        engine,
        readyMs: 30,
      });
    expect(await of('7')).toMatchObject({
      end: { outcome: 'failure', reason: 'service "db" ended with exit code 7 before it was ready' },
      facts: ['db running', 'db failure 7', 'a skipped'],
    });
    expect((await of('wait')).end).toEqual({
      outcome: 'failure',
      reason: 'service "db" did not answer at port 1 within 0.03 s',
    });
  });
});

describe('a step that no engine runs', () => {
  const step = toStep('pack', {
    kind: 'artifacts',
    settings: { paths: ['dist/**'], exclude: [] },
  } as Partial<PlannedStep>);

  test('is run by what stands for its kind', async () => {
    const { facts, output } = await run(toPlan([step]), {
      own: {
        artifacts: async ({ step, write }) => {
          await write(Buffer.from(step.kind === 'artifacts' ? step.settings.paths.join() : ''));
          return { exitCode: 0 };
        },
      },
    });
    expect(facts).toEqual(['pack running', 'pack success 0']);
    expect(output).toBe('pack:dist/**');
  });

  test('is skipped where nothing does, and says so', async () => {
    const { end, facts, output } = await run(toPlan([step, toStep('b')]));
    expect(end).toEqual({ outcome: 'success' });
    expect(facts[0]).toBe('pack skipped');
    expect(output).toContain('Only an agent runs steps of kind artifacts.');
  });
});
