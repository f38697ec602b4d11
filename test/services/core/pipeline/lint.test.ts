// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the pipeline file, not of this one.
import { expect, test } from '@jest/globals';
import { lintPipeline } from '../../../../services/core/pipeline/index.ts';

const lint = (text: string) =>
  lintPipeline(text, 'x.yaml').map(
    ({ severity, line, column, problem, hint }) => `${line}:${column} ${severity}: ${problem}; ${hint}`,
  );

test('a file without bad habits has nothing to be said of', () => {
  expect(
    lint(`when: [{event: push}, {event: pull_request, branch: main}]
steps:
  - {name: test, image: "alpine:3.22", commands: 'echo "$CI_COMMIT_MESSAGE" \${HOME}'}
  - {name: plug, image: "registry:5000/p@sha256:0", settings: {a: b}}
`),
  ).toEqual([]);
});

test('every error of the form is told at once, in the order of the file', () => {
  expect(lint('steps:\n  - comands: x\n    imag: y\n  - commands: [{a: b}]\nwen: {}\n')).toEqual([
    '2:5 error: unknown key "comands" in step; did you mean "commands"?',
    '3:5 error: unknown key "imag" in step; did you mean "image"?',
    '4:16 error: steps[1].commands[0]: expected text, not a map; undefined',
    '5:1 error: unknown key "wen" at the top; did you mean "when"?',
  ]);
});

test('an error of the meaning is told where there is none of the form', () => {
  expect(lint('steps: {a: {commands: x, depends_on: b}}')).toEqual([
    '1:38 error: no step is called "b"; undefined',
  ]);
  expect(lint('steps: [')).toHaveLength(1);
  expect(lint('steps: [{image: "x:${{ matrix.go }}", commands: x}]')).toEqual([
    '1:17 error: "${{ matrix.go }" is of GitHub Actions; here a variable is ${NAME}; undefined',
  ]);
});

const events = 'say which in `when` of the file or of the step: event: [push, pull_request]';
const loose = 'name a version, or a digest: alpine:3.22, alpine@sha256:…';

test.each([
  ['steps: [{commands: x}]', `1:9 warning: runs for each event that there is or will be; ${events}`],
  [
    'steps: [{commands: x, when: [{event: tag}, {branch: main}]}]',
    `1:23 warning: runs for each event that there is or will be; ${events}`,
  ],
  ['steps: [{image: alpine, commands: x}]', `1:17 warning: "alpine" is another image tomorrow; ${loose}`],
  [
    'steps: [{image: "registry:5000/alpine:latest", commands: x}]',
    `1:17 warning: "registry:5000/alpine:latest" is another image tomorrow; ${loose}`,
  ],
  [
    'services: {db: {image: redis}}\nsteps: [{commands: x}]',
    `1:24 warning: "redis" is another image tomorrow; ${loose}`,
  ],
  [
    'steps: [{name: a, commands: x}, {name: a, commands: x}]',
    '1:40 warning: another step is called "a"; its log and its state are shown under a number; give each its own name',
  ],
  [
    'steps: [{image: "p:1", settings: {a: b}, environment: {C: d}}]',
    '1:42 warning: a plugin with an environment is none to Woodpecker, which gives it no secrets of plugins; say it in its settings',
  ],
  [
    'runs_on: [failure]\nsteps: [{commands: x}]',
    '1:1 warning: `runs_on` is Woodpecker’s older way; write when: [{ status: [success, failure] }]',
  ],
  [
    'steps: [{commands: "echo ${{ github.ref }}"}]',
    '1:20 warning: ${{ github.ref }} is of GitHub Actions, and stays as it stands; a variable is $NAME',
  ],
  [
    'steps: [{commands: "echo ::set-env name=A::b"}]',
    '1:20 warning: ::set-env name=A::b is of GitHub Actions: what a step prints or writes there has no effect; hand values on in a file of the workspace',
  ],
  [
    'steps: [{commands: "echo $CI_COMMIT_PRERELEASE"}]',
    '1:20 warning: CI_COMMIT_PRERELEASE is the older name; write CI_PIPELINE_RELEASE_PRE',
  ],
  [
    'steps: [{commands: "eval make $CI_COMMIT_BRANCH"}]',
    '1:20 warning: `eval` of what a stranger may have written: a branch can be called $(…); use the variable in quotes, without eval',
  ],
])('a habit is warned of: %s', (text, warning) => {
  expect(lint(text)).toContain(warning);
});
