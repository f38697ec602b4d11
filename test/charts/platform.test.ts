import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toPlatformJsonSchema } from '../../charts/platform.ts';
import { PlatformError, parsePlatform, readPlatform } from '../../charts/platform-file.ts';
import { isUpdating, root } from './committed.ts';

const pool = 'pools: {amd64-m: {arch: amd64, max: 4}}';

function problems(text: string): string[] {
  try {
    parsePlatform(text, 'platform.yaml');
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(PlatformError);
    return (error as Error).message.split('\n');
  }
}

test('a home lab is said in five lines; the rest has defaults', () => {
  const text = 'clusters:\n  home:\n    pools:\n      amd64-m: {arch: amd64, max: 4}\n';
  const { clusters, source } = parsePlatform(text, 'platform.yaml');
  expect(source).toEqual({ branch: 'main' });
  expect(clusters.home).toMatchObject({
    domain: 'home.arpa',
    redis: { memory: '512Mi' },
    pools: { 'amd64-m': { arch: 'amd64', max: 4, cpu: 2, memory: '4Gi', userNamespaces: true } },
  });
});

test('the example is right as it is', () => {
  const { clusters } = readPlatform(join(root, 'platform.yaml'));
  expect(Object.keys(clusters)).toEqual(['home']);
});

test('the JSON Schema for editors is the one of the schema that is enforced', () => {
  const file = join(root, 'docs', 'platform.schema.json');
  if (isUpdating()) writeFileSync(file, toPlatformJsonSchema());
  expect(readFileSync(file, 'utf8')).toBe(toPlatformJsonSchema());
  const [first] = readFileSync(join(root, 'platform.yaml'), 'utf8').split('\n');
  expect(first).toBe('# yaml-language-server: $schema=docs/platform.schema.json');
});

test.each([
  [
    'a misspelt key is named with its place and the nearest known one',
    `clusters:\n  home:\n    domian: x\n    ${pool}`,
    ['platform.yaml:3:5: unknown key "domian" in clusters.home; did you mean "domain"?'],
  ],
  [
    'a key like no other is answered with all that are known',
    `platform: 1\nclusters: {home: {${pool}}}`,
    ['platform.yaml:1:1: unknown key "platform"; known here: source, waivers, clusters'],
  ],
  [
    'a wrong value is named with the right form',
    'clusters:\n  home:\n    pools:\n      m: {arch: arm, max: 1, memory: 4GB}',
    [
      'platform.yaml:4:17: clusters.home.pools.m.arch is "arm"; expected "amd64" or "arm64"',
      'platform.yaml:4:38: clusters.home.pools.m.memory is "4GB"; expected a size such as "512Mi" or "4Gi"',
    ],
  ],
  [
    'numbers are kept within their bounds',
    'clusters:\n  home:\n    pools:\n      m: {arch: arm64, max: 501, cpu: 0}',
    [
      'platform.yaml:4:29: clusters.home.pools.m.max is 501; expected at most 500',
      'platform.yaml:4:39: clusters.home.pools.m.cpu is 0; expected at least 0.1',
    ],
  ],
  [
    'what is missing is named at what it is missing from',
    'clusters:\n  home:\n    pools:\n      m: {arch: arm64}',
    ['platform.yaml:4:7: clusters.home.pools.m.max is missing; expected a number'],
  ],
  [
    'a name that Kubernetes would refuse is refused',
    'clusters:\n  home:\n    pools:\n      AMD: {arch: amd64, max: 1}',
    [
      'platform.yaml:4:7: "AMD" is not a name; expected a name such as "amd64-m": 1 to 40 of a-z, 0-9 and -, beginning with a letter',
    ],
  ],
  [
    'a wrong entry of a list is the one that is named',
    `clusters:\n  home:\n    nodes: [10.0.0.0/8, 10.0.0.1]\n    ${pool}`,
    ['platform.yaml:3:25: clusters.home.nodes.1 is "10.0.0.1"; expected a range such as "192.168.1.0/24"'],
  ],
  [
    'no pool is too few',
    'clusters: {home: {pools: {}}}',
    ['platform.yaml:1:26: clusters.home.pools is {}; expected at least one pool'],
  ],
  ['a list is no platform', '[]', ['platform.yaml:1:1: the file is []; expected keys and values']],
  [
    'an empty file says what it lacks',
    '# nothing',
    ['platform.yaml:1:1: the file is empty; expected "clusters:"'],
  ],
  [
    'a second document is not overlooked',
    `clusters: {home: {${pool}}}\n---\nclusters: {}`,
    ['platform.yaml:2:1: a second document begins here; expected one'],
  ],
  [
    'a key said twice is an error',
    `clusters: {}\nclusters: {home: {${pool}}}`,
    ['platform.yaml:2:1: Map keys must be unique'],
  ],
  [
    "JavaScript's own names are no keys",
    'clusters: {home: {pools: {__proto__: {arch: amd64, max: 1}}}}',
    ['platform.yaml:1:27: "__proto__" cannot be a key; expected a name'],
  ],
  [
    'a key that is no text is refused',
    '? [a]\n: 1',
    ['platform.yaml:1:3: this key cannot be a key; expected a name'],
  ],
  [
    'an alias is refused, and with it every alias bomb',
    'a: &a {}\nb: *a',
    ['platform.yaml:2:4: *a: aliases are not known here; repeat it'],
  ],
  [
    'deep nesting is refused before it is parsed',
    '['.repeat(50_000),
    ['platform.yaml:1:1: nested deeper than 32'],
  ],
  [
    'a huge file is refused before it is parsed',
    `# ${'x'.repeat(300_000)}`,
    ['platform.yaml:1:1: larger than 256 KiB'],
  ],
])('%s', (_, text, expected) => {
  expect(problems(text)).toEqual(expected);
});

test('a file that is not there is said to be missing', () => {
  expect(() => readPlatform('/nowhere/platform.yaml')).toThrow(
    '/nowhere/platform.yaml: cannot be read; expected the platform file here',
  );
});

const example = readFileSync(join(root, 'platform.yaml'), 'utf8');
const mutation = fc.record({
  at: fc.nat(example.length),
  cut: fc.nat(20),
  paste: fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom(
      '{',
      ']',
      '&a ',
      '*a',
      '!!x ',
      '<<: ',
      '---\n',
      '\t',
      '- ',
      '? ',
      '"',
      '|',
      '%',
      '__proto__: 1\n',
    ),
  ),
});

/** To be read. */
const most = 50;

/** As many as fit in the largest file. */
const thousands = (each: (index: number) => string, count = 9000) =>
  Array.from({ length: count }, (_, index) => each(index)).join(', ');

test.each([
  [
    '10,000 pools',
    () => `clusters: {a: {pools: {${thousands((i) => `p${i}: {}`, 10_000)}}}}`,
    'arch is missing',
  ],
  [
    'pools that are right but thousands',
    () => `clusters: {a: {pools: {${thousands((i) => `p${i.toString(36)}: {arch: amd64, max: 1}`, 3000)}}}}`,
    'expected at most 100 pools',
  ],
  [
    'and that no machine carries',
    () =>
      `clusters: {a: {machines: [{arch: amd64, cpu: 1, memory: 2Gi}], pools: {${thousands((i) => `p${i.toString(36)}: {arch: amd64, max: 1}`, 3000)}}}}`,
    'expected at most 100 pools',
  ],
  ['unknown keys', () => `clusters: {a: {${thousands((i) => `k${i}: 1`)}}}`, 'unknown key "k'],
  [
    'clusters in a row',
    () =>
      `clusters: {c0: {pools: {m: {arch: amd64, max: 1}}}, ${thousands((i) => `c${i + 1}: {extends: c${i}}`, 3000)}}`,
    'more than 16 clusters extend each other in a row',
  ],
  [
    'clusters in a ring',
    () => `clusters: {${thousands((i) => `c${i}: {extends: c${(i + 1) % 3000}}`, 3000)}}`,
    'more than 16 clusters extend each other in a row',
  ],
  [
    'clusters that extend what is not there',
    () => `clusters: {${thousands((i) => `c${i}: {extends: nobody}`, 3000)}}`,
    'expected another cluster',
  ],
  [
    'what every object of JavaScript has',
    () => 'clusters: {a: {extends: toString, pools: {m: {arch: amd64, max: 1}}}}',
    'platform.yaml:1:25: clusters.a.extends is "toString"; expected another cluster',
  ],
  ['a key of 200,000 letters', () => `clusters: {? ${'x'.repeat(200_000)} : {}}`, 'is not a name'],
  [
    'one name twice',
    () => 'clusters: {a: {pools: {m: {arch: amd64, max: 1}, m: {}}}}',
    'platform.yaml:1:50: ',
  ],
])('%s is an error with a place, in few lines', (_, text, says) => {
  const found = problems(text());
  expect(found.join('\n')).toContain(says);
  expect(found.length).toBeLessThanOrEqual(most);
  for (const line of found) expect(line).toMatch(/^platform\.yaml:\d+:\d+: /);
});

test('whatever is done to the file, it is a platform or an error with a place', () => {
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
      const text = mutations.reduce(
        (before, { at, cut, paste }) => before.slice(0, at) + paste + before.slice(at + cut),
        example,
      );
      for (const line of problems(text)) expect(line).toMatch(/^platform\.yaml:[1-9]\d*:[1-9]\d*: \S/);
    }),
    { numRuns: 500 },
  );
});

test('whatever the file is, nesting included, it is a platform or an error with a place', () => {
  const piece = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '? ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '"',
    "'",
    '|',
    '>',
    '#',
    '&',
    '*',
    '!',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 400 }), fc.integer({ min: 1, max: 200 }), (pieces, times) => {
      for (const line of problems(pieces.join('').repeat(times))) {
        expect(line).toMatch(/^platform\.yaml:[1-9]\d*:[1-9]\d*: \S/);
      }
    }),
    { numRuns: 300 },
  );
});
