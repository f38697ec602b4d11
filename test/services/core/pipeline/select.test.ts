// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the pipeline file, not of this one.
import { describe, expect, test } from '@jest/globals';
import {
  isSelected,
  parsePipeline,
  runsOnStatus,
  type Situation,
  selectSteps,
  toSituation,
  workflowRunsOn,
} from '../../../../services/core/pipeline/index.ts';

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

describe('a condition', () => {
  const isMet = (when: string, situation: Partial<Situation>) => {
    const [{ steps }] = parsePipeline(`steps: [{commands: make, when: ${when}}]`, 'x.yaml');
    const [step] = steps;
    return step !== undefined && isSelected(step, { event: 'push', branch: 'main', ...situation });
  };

  test.each<[string, Partial<Situation>, boolean]>([
    ['{ref: refs/tags/v*}', { event: 'tag', ref: 'refs/tags/v1' }, true],
    ['{ref: refs/tags/v*}', { ref: 'refs/heads/main' }, false],
    ['{repo: acme/*}', { repository: 'acme/app' }, true],
    ['{repo: acme/*}', { repository: 'other/app' }, false],
    ['{instance: ci.example}', { instance: 'ci.example' }, true],
    ['{instance: ci.example}', {}, false],
    ['{platform: linux/*}', { platform: 'linux/arm64' }, true],
    ['{platform: {exclude: linux/arm64}}', { platform: 'linux/arm64' }, false],
    ['{cron: night*}', { event: 'cron', cron: 'nightly' }, true],
    ['{cron: night*}', { event: 'cron', cron: 'daily' }, false],
    ['{cron: night*}', { cron: 'daily' }, true],
    ['{matrix: {GO: 1.2*}}', { axes: { GO: '1.22' } }, true],
    ['{matrix: {GO: 1.2*, OS: linux}}', { axes: { GO: '1.22' } }, false],
    ['{matrix: {exclude: {GO: 1.22}}}', { axes: { GO: '1.22' } }, false],
    ['{matrix: {exclude: {GO: 1.22, OS: linux}}}', { axes: { GO: '1.22', OS: 'mac' } }, true],
    ['{local: false}', { local: true }, false],
    ['{local: false}', {}, true],
    ['{evaluate: \'CI_X == "a" and GO == "1"\'}', { variables: { CI_X: 'a' }, axes: { GO: '1' } }, true],
    ['{evaluate: CI_X == "a"}', {}, false],
    ['{event: push, branch: other}', {}, false],
    ['[{event: tag}, {branch: main}]', {}, true],
  ])('%s with %j is %s', (when, situation, met) => {
    expect(isMet(when, situation)).toBe(met);
  });

  test.each<[string, string[] | undefined, boolean]>([
    ['src/**', ['src/a/b.ts', 'README.md'], true],
    ['src/**', ['README.md'], false],
    ['src/**', [], true],
    ['src/**', undefined, true],
    ['{include: src/**, on_empty: false}', [], false],
    ['{exclude: docs/**}', ['docs/a.md'], false],
    ['{exclude: docs/**}', ['docs/a.md', 'src/a.ts'], true],
    ['{include: "*.md", exclude: docs/**}', ['docs/a.md', 'a.md'], true],
    ['{include: src/**, ignore_message: "[all]", on_empty: false}', ['x'], true],
  ])('on the path %s with the changes %j is %s', (path, changed, met) => {
    const situation = { message: 'Fix [ALL]', ...(changed === undefined ? {} : { changed }) };
    expect(isMet(`{path: ${path}}`, situation)).toBe(met);
    expect(isMet(`{path: ${path}}`, { ...situation, event: 'cron' })).toBe(true);
  });

  test('says what may have become of the steps before: those that hold do', () => {
    const statuses = (when: string, situation: Partial<Situation> = {}) => {
      const [plan] = parsePipeline(`steps: [{commands: make, when: ${when}}]`, 'x.yaml');
      return plan.steps.map((step) => runsOnStatus(step, { event: 'push', branch: 'main', ...situation }))[0];
    };
    expect(statuses('[]')).toEqual(['success']);
    expect(statuses('{event: push}')).toEqual(['success']);
    expect(statuses('{status: [failure, success]}')).toEqual(['success', 'failure']);
    const mixed = '[{event: tag, status: failure}, {event: pull_request, status: [success, failure]}]';
    expect(statuses(mixed, { event: 'tag' })).toEqual(['failure']);
    expect(statuses(mixed, { event: 'pull_request' })).toEqual(['success', 'failure']);
    expect(statuses(mixed)).toEqual([]);
  });

  test('of a workflow says how those before it may have ended', () => {
    const of = (text: string) =>
      workflowRunsOn(parsePipeline(`${text}\nsteps: [{commands: x}]`, 'x.yaml')[0], {
        event: 'push',
        branch: 'main',
      });
    expect(of('')).toEqual(['success']);
    expect(of('runs_on: [success, failure]')).toEqual(['success', 'failure']);
    expect(of('when: {status: [success, failure]}')).toEqual(['success', 'failure']);
    expect(of('when: [{event: push, status: failure}, {event: tag}]')).toEqual(['failure']);
  });

  test('without an answer is the error of the file, where it stands', () => {
    const [plan] = parsePipeline('steps: [{commands: a, when: {evaluate: "int(CI_X) > 1"}}]', 'x.yaml');
    expect(() => selectSteps(plan, { event: 'push', branch: 'main' })).toThrow(
      'x.yaml:1:40: `evaluate`: "" is no whole number',
    );
  });

  test('is asked of what the variables of a job say', () => {
    const variables = {
      CI_PIPELINE_EVENT: 'pull_request',
      CI_COMMIT_BRANCH: 'main',
      CI_COMMIT_REF: 'refs/pull/1/head',
      CI_REPO: 'acme/app',
      CI_SYSTEM_HOST: 'ci.example',
      CI_SYSTEM_PLATFORM: 'linux/arm64',
      CI_COMMIT_MESSAGE: 'Fix',
    };
    expect(toSituation(variables, { cron: 'nightly' })).toEqual({
      event: 'pull_request',
      branch: 'main',
      ref: 'refs/pull/1/head',
      repository: 'acme/app',
      instance: 'ci.example',
      platform: 'linux/arm64',
      message: 'Fix',
      cron: 'nightly',
      variables,
    });
  });
});
