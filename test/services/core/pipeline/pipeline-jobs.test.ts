import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  findOwn,
  type Plan,
  planDefaults,
  stepDefaults,
  toFoundJob,
  toPipelineJobs,
} from '../../../../services/core/pipeline/index.ts';

const situation = { event: 'push', branch: 'main' };
const toPlan = (workflow: string, given: Partial<Plan> = {}): Plan => ({
  ...planDefaults,
  source: `.woodpecker/${workflow}.yaml`,
  detected: false,
  workflow,
  when: [],
  steps: [{ ...stepDefaults, name: 'test', commands: ['true'] }],
  ...given,
});
const onTag = { when: [{ event: ['tag'] }] };
const names = (plans: Plan[]) => toPipelineJobs(plans, situation).jobs.map(({ name }) => name);

describe('the jobs of a pipeline', () => {
  test('are its workflows, and the entries of their matrix by number', () => {
    const entry = (go: string) => toPlan('test', { axes: { go }, dependsOn: ['build'] });
    const plans = [entry('1.24'), entry('1.25'), toPlan('build'), toPlan('deploy', { dependsOn: ['test'] })];
    const { jobs } = toPipelineJobs(plans, situation);
    expect(jobs.map(({ name, needs }) => [name, needs])).toEqual([
      ['build', []],
      ['test-1', ['build']],
      ['test-2', ['build']],
      ['deploy', ['test-1', 'test-2']],
    ]);
    expect(jobs.slice(1, 3).map(toFoundJob)).toEqual([
      { workflow: 'test', entry: 1, axes: { go: '1.24' }, needs: ['build'] },
      { workflow: 'test', entry: 2, axes: { go: '1.25' }, needs: ['build'] },
    ]);
  });

  test('each come after what they need, whatever needs what', () =>
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(fc.nat(11), { maxLength: 4 }), { maxLength: 12 }), (needs) => {
        const plans = needs.map((of, i) =>
          toPlan(`w${i}`, { dependsOn: of.filter((need) => need < i).map((need) => `w${need}`) }),
        );
        const { jobs } = toPipelineJobs([...plans].reverse(), situation);
        expect(jobs).toHaveLength(plans.length);
        for (const [i, job] of jobs.entries())
          for (const need of job.needs) expect(jobs.slice(0, i).map(({ name }) => name)).toContain(need);
      }),
    ));

  test('do without a workflow that is left out, and without what needs it', () => {
    const plans = [
      toPlan('build', onTag),
      toPlan('test', { dependsOn: ['build'] }),
      toPlan('report', { dependsOn: ['test'] }),
      toPlan('lint', { dependsOn: ['build'], optionalNeeds: ['build'] }),
    ];
    expect(names(plans)).toEqual(['lint']);
    expect(toPipelineJobs(plans, situation).leftOut).toEqual([
      { workflow: 'build', reason: '`when` of .woodpecker/build.yaml leaves out push on main' },
      { workflow: 'test', reason: 'it needs build, which does not run' },
      { workflow: 'report', reason: 'it needs test, which does not run' },
    ]);
  });

  test('keep their number where an entry before them is left out', () => {
    const plans = [toPlan('test', { axes: { os: 'a' }, ...onTag }), toPlan('test', { axes: { os: 'b' } })];
    expect(names(plans)).toEqual(['test-2']);
  });

  test.each([
    [
      'what is not there',
      [toPlan('a', { dependsOn: ['b'] })],
      'it needs the workflow "b", which is not there',
    ],
    [
      'each other',
      [toPlan('a', { dependsOn: ['b'] }), toPlan('b', { dependsOn: ['a'] })],
      'these workflows need each other: a, b',
    ],
    ['the same name', [toPlan('a', { axes: { x: '1' } }), toPlan('a-1')], 'two jobs would be called "a-1"'],
  ])('cannot need or have %s', (_, plans, message) => {
    expect(() => toPipelineJobs(plans, situation)).toThrow(message);
  });
});

describe('what is told of a job', () => {
  test('is all that the queue decides by', () => {
    const plan = toPlan('deploy', {
      dependsOn: ['a'],
      runsOn: ['success', 'failure'],
      labels: { platform: 'linux/arm64' },
      concurrency: { group: 'production', limit: 1 },
      timeoutMs: 60_000,
    });
    expect(toFoundJob({ name: 'deploy', plan, entry: undefined, needs: ['a'], runs: 'always' })).toEqual({
      workflow: 'deploy',
      needs: ['a'],
      runs: 'always',
      labels: { platform: 'linux/arm64' },
      group: { name: 'production', limit: 1 },
      timeLimitMs: 60_000,
    });
  });
});

describe('who plans runs itself', () => {
  const own = (...plans: Plan[]) => findOwn(toPipelineJobs(plans, situation).jobs)?.name;

  test('the first that needs nothing', () => {
    expect(own(toPlan('a', { dependsOn: ['b'] }), toPlan('b'), toPlan('c'))).toBe('b');
  });

  test('nothing that needs another agent, or room, or has a name of its own', () => {
    expect(own(toPlan('a', { labels: { pool: 'gpu' } }))).toBeUndefined();
    expect(own(toPlan('a', { concurrency: { group: 'x', limit: 1 } }))).toBeUndefined();
    const entries = [toPlan('a', { axes: { x: '1' } }), toPlan('a', { axes: { x: '2' } })];
    expect(own(...entries)).toBeUndefined();
    expect(own(toPlan('a', { axes: { x: '1' } }))).toBe('a-1');
  });
});
