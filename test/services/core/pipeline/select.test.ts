// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the pipeline file, not of this one.
import { describe, expect, test } from '@jest/globals';
import { parsePipeline, selectSteps } from '../../../../services/core/pipeline/index.ts';

const runs = (when: string, event: string, branch: string): boolean =>
  selectSteps(parsePipeline(`steps: [{commands: make, when: ${when}}]`, 'x.yaml')[0], { event, branch }).steps
    .length === 1;

describe('when', () => {
  test.each([
    ['{event: push}', 'push', 'main', true],
    ['{event: push}', 'tag', 'v1', false],
    ['{event: [push, tag]}', 'tag', 'v1', true],
    ['{branch: main}', 'push', 'main', true],
    ['{branch: main}', 'push', 'dev', false],
    ['{branch: [main, "release/*"]}', 'push', 'release/1', true],
    ['{branch: {exclude: ["dev/**"]}}', 'push', 'dev/a/b', false],
    ['{branch: {exclude: dev}}', 'push', 'main', true],
    ['{branch: {include: "*", exclude: main}}', 'push', 'main', false],
    ['{branch: main}', 'tag', 'v1', true],
    ['{branch: main, event: push}', 'pull_request', 'main', false],
    ['[{branch: main, event: push}, {event: cron}]', 'cron', 'dev', true],
    ['[{branch: main, event: push}, {event: cron}]', 'push', 'dev', false],
    ['{}', 'push', 'dev', true],
  ])('%s on %s of %s: %s', (when, event, branch, expected) => {
    expect(runs(when, event, branch)).toBe(expected);
  });

  test('a variable in a pattern is a value', () => {
    const [plan] = parsePipeline(
      'steps: [{commands: a, when: {branch: "${CI_REPO_DEFAULT_BRANCH}"}}]',
      'x.yaml',
      {
        CI_REPO_DEFAULT_BRANCH: 'trunk',
      },
    );
    expect(selectSteps(plan, { event: 'push', branch: 'trunk' }).steps).toHaveLength(1);
    expect(selectSteps(plan, { event: 'push', branch: 'main' }).steps).toHaveLength(0);
  });

  test('that leaves out the whole file, or each step, says so', () => {
    const [whole] = parsePipeline('when: {event: tag}\nsteps: [{commands: a}]', 'x.yaml');
    expect(selectSteps(whole, { event: 'push', branch: 'main' })).toMatchObject({
      steps: [],
      reason: '`when` of x.yaml leaves out push on main',
    });
    const [steps] = parsePipeline('steps: [{commands: a, when: {event: push}}]', 'x.yaml');
    expect(selectSteps(steps, { event: 'tag', branch: 'v1' })).toMatchObject({
      reason: 'no step of x.yaml is for tag',
    });
  });
});
