// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the pipeline file, not of this one.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { limits, PipelineError, parsePipeline } from '../../../../services/core/pipeline/index.ts';

const file = '.bellows.yaml';
const parse = (text: string, variables = {}) => parsePipeline(text, file, variables)[0];

/** The message that a text is refused with. */
function refusal(text: string): string {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PipelineError) return error.message;
    throw error;
  }
  return 'accepted';
}

/** A file with one step that has these lines. */
const step = (...lines: string[]) =>
  ['steps:', '  - commands: make', ...lines.map((line) => `    ${line}`)].join('\n');

describe('a pipeline file', () => {
  test('has steps as a list or as a map, with commands as one text or several', () => {
    const list = parse('steps:\n  - name: a\n    commands: [one, two]\n  - commands: three');
    const map = parse('steps:\n  a: {commands: [one, two]}\n  step-2: {commands: three}');
    expect(list.steps).toEqual(map.steps);
    expect(list.steps.map(({ name, commands }) => [name, commands])).toEqual([
      ['a', ['one', 'two']],
      ['step-2', ['three']],
    ]);
    expect(list.workflow).toBe('bellows');
  });

  test('keeps scalars as their author wrote them', () => {
    const plan = parse(step('environment: {A: 1.10, B: on, C: 0x10, D: ~, E: "null", F: }'));
    expect(plan.steps[0]?.environment).toEqual({ A: '1.10', B: 'on', C: '0x10', D: '', E: 'null', F: '' });
  });

  test('may use anchors and merge keys; own keys win, then the first of several merged maps', () => {
    const plan = parse(`steps:
  - &a {name: a, commands: one, image: alpine, failure: ignore}
  - &b {<<: *a, name: b, commands: two}
  - {<<: [*b, *a], name: c}`);
    expect(plan.steps.map(({ name, commands, image, failure }) => [name, commands, image, failure])).toEqual([
      ['a', ['one'], 'alpine', 'ignore'],
      ['b', ['two'], 'alpine', 'ignore'],
      ['c', ['two'], 'alpine', 'ignore'],
    ]);
  });

  test.each([
    ['steps:\n  - name: a\n    comands: x', '3:5: unknown key "comands" in step; did you mean "commands"?'],
    ['steps:\n  a:\n    comand: x', '3:5: unknown key "comand" in step; did you mean "commands"?'],
    ['stepz: []', '1:1: unknown key "stepz" at the top; did you mean "steps"?'],
    ['zzzzzz: []', '1:1: unknown key "zzzzzz" at the top; expected steps, when'],
    ['steps: []\ncommands: a', '2:1: unknown key "commands" at the top; it belongs in step'],
    [step('services: x'), '3:5: unknown key "services" in step; it belongs at the top'],
    ['when: {brnch: x}\nsteps: []', '1:8: unknown key "brnch" in when; did you mean "branch"?'],
    [step('when: {branch: {incude: x}}'), '3:21: unknown key "incude" in branch; did you mean "include"?'],
    ['matrix: {}', '1:1: "matrix" at the top is not supported yet; write one workflow file for each entry'],
    ['labels: {}', '1:1: "labels" at the top is not supported yet; known at the top: steps, when'],
    [
      'services: {}',
      '1:1: "services" at the top is not supported yet; services need a container engine; start what you need in a step',
    ],
    [
      'steps:\n  - image: plugin\n    settings: {a: b}',
      '3:5: "settings" in step is not supported yet; a plugin step needs a container engine; use commands',
    ],
    [
      'steps:\n  - image: alpine',
      '2:5: step "step-1" has no commands; running an image by itself needs a container engine',
    ],
    [
      step('when: {status: failure}'),
      '3:12: "status" in when is not supported yet; known in when: branch, event',
    ],
  ])('refuses %j and says where and what instead', (text, message) => {
    expect(refusal(text)).toBe(`${file}:${message}`);
  });

  test.each([
    ['', '1:1: the file is empty; it needs `steps`'],
    ['steps:', '1:7: steps: expected a list of steps, or steps by name, not nothing'],
    ['steps: 3', '1:8: steps: expected a list of steps, or steps by name, not "3"'],
    ['steps: []', '1:8: steps: expected at least one step'],
    ['- a', '1:1: expected `steps`, not a list'],
    ['steps: [{commands: [a, {b: c}]}]', '1:24: steps[0].commands[1]: expected text, not a map'],
    [
      'steps: {a: 5}',
      '1:12: steps.a: expected a step: name, image, commands, environment, directory, failure, when, not "5"',
    ],
    [
      'when: {event: [push, release]}\nsteps: []',
      '1:22: when.event[1]: expected push, tag, pull_request, manual, cron, not "release"',
    ],
    [
      step('environment: {A: {from_secrets: x}}'),
      '3:23: unknown key "from_secrets" as a value; did you mean "from_secret"?',
    ],
    [
      step('environment: {A: {from_secret: 1st}}'),
      '3:36: steps[0].environment.A.from_secret: expected a name of letters, digits, _, . and -, not beginning with a digit, not "1st"',
    ],
    [
      step('environment: {A: [x]}'),
      '3:22: steps[0].environment.A: expected text as the value, or from_secret, not a list',
    ],
    [
      step('secrets: [x]'),
      '3:5: "secrets" in step is not supported yet; name each where it is used: environment: { TOKEN: { from_secret: token } }',
    ],
    [step('environment: {CI_X: x}'), '3:19: "CI_X": variables that begin with CI_ or BELLOWS_ cannot be set'],
    [step('failure: cancel'), '3:14: steps[0].failure: expected `failure: ignore`, not "cancel"'],
    [step('directory: ../x'), '3:16: the directory "../x" is not below the workspace'],
    [step('directory: /etc'), '3:16: the directory "/etc" is not below the workspace'],
    [step('image: "${X:a}"'), '3:12: "${X:a}" needs numbers, as in ${X:0:8}'],
    [step('when: {branch: "a[b"}'), '3:20: the pattern has a [ without its ]'],
    [
      step('name: "a\\nb"'),
      '3:11: steps[0].name: expected a name of 1 to 100 characters on one line, not "a\\nb"',
    ],
    [
      'steps: {a: {commands: x}, b: {name: a, commands: x}}',
      '1:30: two steps are called "a"; give each its own name',
    ],
    [
      'steps: {clone: {commands: x}}',
      '1:16: a step cannot be called "clone"; that is the one which fetches the repository',
    ],
  ])('refuses %j', (text, message) => {
    expect(refusal(text)).toBe(`${file}:${message}`);
  });

  test('names a secret where a variable is one, in lower case, and says where', () => {
    const { steps } = parse(step('environment: {A: x, TOKEN: {from_secret: NPM_Token}}'));
    expect(steps[0]?.environment).toEqual({ A: 'x' });
    expect(steps[0]?.secrets).toEqual([
      { variable: 'TOKEN', secret: 'npm_token', position: { line: 3, column: 46 } },
    ]);
  });

  test.each([
    ['commands twice', step('commands: other'), '3:5: the key "commands" stands here twice'],
    ['__proto__', '__proto__: {a: b}', '1:1: the key "__proto__" is not allowed'],
    ['constructor', step('environment: {constructor: a}'), '3:19: the key "constructor" is not allowed'],
    ['a key that is a list', '? [a]\n: b', '1:3: a key has to be plain text'],
    ['an alias without its anchor', 'steps: *x', '1:8: the alias *x has no anchor before it'],
    ['a circle of aliases', 'steps: &a [*a]', '1:8: nested deeper than 32 levels'],
    ['a merge of a text', step('<<: x'), '3:9: `<<` merges a map, or a list of maps'],
    [
      'a second document',
      'steps: []\n---\nsteps: []',
      '2:1: not valid YAML: Source contains multiple documents; please use YAML.parseAllDocuments()',
    ],
    ['a tag', 'steps: !!binary x', '1:8: not valid YAML: Unresolved tag: tag:yaml.org,2002:binary'],
    ['33 levels', `${'['.repeat(34)}${']'.repeat(34)}`, '1:34: nested deeper than 32 levels'],
    ['100000 levels', '['.repeat(100_000), '1:7: nested deeper than 32 levels'],
    ['256 KiB and a byte', '#'.repeat(limits.bytes + 1), '1:1: the file is larger than 256 KiB'],
    ['51 aliases', `a: &a x\nb: [${'*a,'.repeat(51)}]`, '2:155: more than 50 aliases'],
  ])('is refused for %s', (_, text, message) => {
    expect(refusal(text).replace(/:\d+: nested/, ':7: nested')).toBe(
      `${file}:${message}`.replace(/:\d+: nested/, ':7: nested'),
    );
  });

  test('an alias bomb is refused before it grows', () => {
    const levels = Array.from({ length: 7 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(7)}]`);
    expect(refusal(['l0: &l0 [x]', ...levels].join('\n'))).toMatch(/more than (50 aliases|20000 values)/);
  });

  test('many keys are read in a time that grows with their number', () => {
    const keys = Array.from({ length: 15_000 }, (_, i) => `k${i}: 1`).join('\n');
    expect(refusal(keys)).toMatch(/unknown key|more than/);
  });

  test('nothing that is thrown is anything but the error of the file', () => {
    const yaml = fc.array(
      fc.constantFrom(
        ...'steps: when: - [ ] { } & * ! | > " \' # ? , \n a commands image ${ } << ~ \t é \0'.split(' '),
        '\n',
        ' ',
        '  ',
        ': ',
        '- ',
        '*a',
        '&a ',
      ),
      { maxLength: 60 },
    );
    const text = fc.oneof(
      yaml.map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 200 }),
    );
    fc.assert(
      fc.property(text, (given) => {
        try {
          parse(given);
        } catch (error) {
          expect(error).toBeInstanceOf(PipelineError);
          expect((error as PipelineError).line).toBeGreaterThan(0);
          expect((error as PipelineError).column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('any structure of the right keys is either a plan or the error of the file', () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.string({ maxLength: 8 }),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom(
            'steps',
            'when',
            'name',
            'commands',
            'image',
            'environment',
            'branch',
            'event',
            'include',
            'directory',
            'zz',
          ),
          tie('node'),
          { maxKeys: 4 },
        ),
      ),
    })).node;
    fc.assert(
      fc.property(value, (given) => {
        expect(refusal(JSON.stringify({ steps: given }))).toMatch(/^(accepted|\.bellows\.yaml:\d+:\d+: )/);
      }),
    );
  });
});

describe('a hostile branch', () => {
  const corpus = [
    'x"; curl e|sh #',
    '$(curl e|sh)',
    '`curl e|sh`',
    "x'\n  - name: evil\n    commands: evil",
    '${CI_COMMIT_SHA}',
    '*evil {a: b} [c] & ! | >',
    '__proto__',
  ];

  test.each(corpus)('%j stays one value wherever it is used', (branch) => {
    const text = `steps:
  - name: a
    image: "img:\${CI_COMMIT_BRANCH}"
    environment: {B: "\${CI_COMMIT_BRANCH}"}
    commands: ['echo "\${CI_COMMIT_BRANCH}"', 'echo \${CI_COMMIT_BRANCH:0:100}']`;
    const [only, ...others] = parse(text, { CI_COMMIT_BRANCH: branch }).steps;
    expect(others).toEqual([]);
    expect(only?.image).toBe(`img:${branch}`);
    expect(only?.environment).toEqual({ B: branch, BELLOWS_1: branch });
    expect(only?.commands).toEqual(['echo "${CI_COMMIT_BRANCH}"', 'echo ${BELLOWS_1}']);
  });
});
