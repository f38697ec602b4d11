import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Condition,
  type Plan,
  type PlannedStep,
  parsePipeline,
  planDefaults,
  printPlan,
  type StepKind,
  stepDefaults,
} from '../../../../services/core/pipeline/index.ts';

/** Of `freq` times it is there in all but one. */
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 3 });
/** A record without the keys that have no value. */
const record = <T extends Record<string, fc.Arbitrary<unknown>>>(shape: T) =>
  fc
    .record(shape)
    .map((made) => Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)));

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((one) => !one.includes('\0'));
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const texts = fc.array(text, { maxLength: 2 });
const oneOrMore = fc.array(text, { minLength: 1, maxLength: 2 });
const variable = fc.stringMatching(/^X[A-Z0-9_]{0,8}$/);
const folder = word.map((name) => `a/${name}`);
const ms = fc.integer({ min: 1, max: 100_000 }).map((seconds) => seconds * 1000);
const pattern = fc.constantFrom('main', 'release/*', '{a,b}', '[a-c]', '$x', '\\*');
const patterns = fc.record({
  include: fc.array(pattern, { maxLength: 2 }),
  exclude: fc.array(pattern, { maxLength: 2 }),
});
const axes = fc.dictionary(variable, pattern, { maxKeys: 2 });

const condition = record({
  event: some(fc.uniqueArray(fc.constantFrom('push', 'tag', 'cron', 'release'), { minLength: 1 })),
  branch: some(patterns),
  ref: some(patterns),
  repo: some(patterns),
  path: some(
    fc.tuple(patterns, fc.boolean(), some(text)).map(([lists, onEmpty, ignoreMessage]) => ({
      ...lists,
      onEmpty,
      ...(ignoreMessage === undefined ? {} : { ignoreMessage }),
    })),
  ),
  status: some(fc.constantFrom(['failure'], ['success', 'failure'])),
  evaluate: some(
    fc
      .constantFrom('CI_X == "a"', 'true')
      .map((expression) => ({ expression, position: { line: 1, column: 1 } })),
  ),
  local: some(fc.boolean()),
});
const matrixCondition = fc.record({ matrix: fc.record({ include: axes, exclude: axes }) });
const whenOf = (one: fc.Arbitrary<object>) => fc.array(one, { maxLength: 2 }) as fc.Arbitrary<Condition[]>;

const position = fc.constant({ line: 1, column: 1 });
const secret = fc.record({ variable: variable.map((name) => `S${name}`), secret: word, position });
const resources = fc.record({
  requests: fc.constantFrom({}, { cpu: '500m' }),
  limits: fc.constantFrom({}, { memory: '2Gi', 'ephemeral-storage': '1G' }),
});
const shared = {
  image: text,
  directory: fc.constantFrom('.', 'a/b'),
  pull: fc.boolean(),
  when: whenOf(fc.oneof(condition, matrixCondition)),
  resources: some(resources),
};
const bySecret = (names: readonly string[]) =>
  some(fc.uniqueArray(secret, { minLength: 1, maxLength: 2, selector: (one) => one.variable })).map((all) =>
    all?.filter((one) => !names.includes(one.variable)),
  );

const commands = record({
  ...shared,
  kind: fc.constant('commands'),
  commands: oneOrMore,
  entrypoint: some(oneOrMore),
  environment: fc.dictionary(variable, text, { maxKeys: 2 }),
  secrets: bySecret([]),
  failure: fc.constantFrom('fail', 'ignore', 'cancel'),
  detach: fc.boolean(),
  timeoutMs: some(ms),
});
const plugin = record({
  ...shared,
  kind: fc.constant('plugin'),
  commands: fc.constant([]),
  environment: fc.dictionary(
    variable.map((name) => `PLUGIN_${name}`),
    text,
    { maxKeys: 2 },
  ),
});
const kind = fc.oneof(
  fc.record({
    kind: fc.constant('artifacts'),
    settings: record({ name: some(text), paths: oneOrMore, exclude: texts }),
  }),
  fc.record({ kind: fc.constant('reports'), settings: fc.record({ junit: oneOrMore, coverage: texts }) }),
  fc.record({
    kind: fc.constant('image'),
    settings: record({
      repo: text,
      tags: oneOrMore,
      dockerfile: folder,
      context: folder,
      target: some(word),
      platforms: texts,
      buildArgs: fc.dictionary(variable, text, { maxKeys: 2 }),
      cache: fc.boolean(),
      push: fc.boolean(),
      username: some(text),
    }),
  }),
) as fc.Arbitrary<StepKind>;

const step = fc.oneof(
  commands,
  plugin,
  kind.map((own) => ({ ...own, commands: [] })),
);
const service = record({
  ...shared,
  kind: fc.constant('commands'),
  commands: oneOrMore,
  ports: fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 2 }),
});

const plan = fc
  .tuple(
    record({
      when: whenOf(condition),
      clone: record({
        skip: fc.boolean(),
        depth: some(fc.nat(50)),
        partial: some(fc.boolean()),
        lfs: fc.boolean(),
        submodules: fc.boolean(),
        tags: fc.boolean(),
      }),
      dependsOn: fc.uniqueArray(word, { maxLength: 2 }),
      runsOn: fc.constantFrom(['success'], ['failure'], ['success', 'failure']),
      labels: fc.dictionary(word, text, { maxKeys: 2 }),
      axes: fc.dictionary(variable, text, { maxKeys: 2 }),
      concurrency: some(fc.record({ group: text, limit: fc.integer({ min: 1, max: 1000 }) })),
      timeoutMs: some(ms),
      cache: fc.oneof(
        fc.constantFrom('auto', 'off'),
        fc.uniqueArray(
          fc.record({ name: word, paths: fc.array(folder, { minLength: 1, maxLength: 2 }), key: texts }),
          { maxLength: 2, minLength: 1, selector: ({ name }) => name },
        ),
      ),
      workspace: some(fc.record({ base: word.map((name) => `/${name}`), path: folder })),
    }),
    fc.array(service, { maxLength: 2 }),
    fc.array(step, { minLength: 1, maxLength: 3 }),
    fc.boolean(),
  )
  .map(([top, services, steps, isGraph]) => {
    const own = top.axes as Record<string, string>;
    const toStep = (given: object, name: string): PlannedStep => {
      const made = { ...stepDefaults, name, commands: [], ...given } as PlannedStep;
      const environment = made.kind === 'commands' ? { ...own, ...made.environment } : made.environment;
      return { ...made, environment };
    };
    return {
      ...planDefaults,
      source: 'x.yaml',
      detected: false,
      workflow: 'x',
      when: [],
      ...top,
      services: services.map((one, i) => ({ ...toStep(one, `service-${i}`), detach: true })),
      steps: steps.map((one, i) => ({
        ...toStep(one, `step ${i}`),
        ...(isGraph ? { dependsOn: steps.slice(0, i).map((_, n) => `step ${n}`) } : {}),
      })),
    } as Plan;
  });

/** Where something stands differs between a file and its print. */
const withoutPlaces = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (key, inner) => (key === 'position' ? undefined : inner)));

test('what is printed is read as the same plan, whatever it holds', () => {
  fc.assert(
    fc.property(plan, (given) => {
      const printed = printPlan(given);
      expect(withoutPlaces(parsePipeline(printed, 'x.yaml'))).toEqual([withoutPlaces(given)]);
      expect(printed).not.toMatch(/(?!\n)\p{Cc}/u);
    }),
    { numRuns: 150 },
  );
});

test('a plan with secrets inside of lists and maps is read as the same', () => {
  const file = `steps:
  - image: x
    settings: {list: [{from_secret: a}, b], map: {user: me, "a b": {from_secret: b}, n: 1, t: true, no: ~}}
`;
  const [given] = parsePipeline(file, 'x.yaml');
  expect(withoutPlaces(parsePipeline(printPlan(given), 'x.yaml'))).toEqual([withoutPlaces(given)]);
});
