import { expect, test } from '@jest/globals';
import { Yaml } from 'cdk8s';
import fc from 'fast-check';
import { toYaml } from '../../../charts/constructs/yaml.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';
import { platformOf } from '../bench/platform.ts';

/** Texts that YAML means something by, or nearly. */
const odd = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      'a ',
      ' a',
      'a: b',
      'a:',
      ':a',
      'a #b',
      'a#b',
      '#a',
      '- a',
      '-',
      '-a',
      '---',
      '--- a',
      '...',
      '? a',
      '%a',
    ],
    ...[
      'yes',
      'No',
      'on',
      'y',
      'N',
      'null',
      '~',
      'true',
      '0755',
      '1e3',
      '0x1f',
      '1_000',
      '1:30',
      '2026-11-21',
      '.5',
      '+1',
    ],
    ...[
      '*a',
      '&a',
      '!a',
      '|',
      '>',
      '@a',
      '`a',
      '{}',
      '[a]',
      '"a"',
      "it's",
      '"it\'s"',
      '<<',
      '=',
      'a, b',
      '100m',
      '10Gi',
    ],
    ...[
      'a\nb',
      'a\nb\n',
      'a\n\n',
      '\na',
      ' a\nb',
      'a\n b',
      'a \nb',
      'a\n\n\nb\n',
      'a\n\t',
      '# a\nb',
      '---\na',
      'a\n---\n',
    ],
    ...[
      'a\r\nb',
      'a\tb',
      '\u0000',
      '\u0085',
      '\u2028',
      'é',
      '😀',
      '\ud800',
      '\ufeffa',
      `${'long '.repeat(60)}`,
      'x'.repeat(1100),
    ],
    ...['__proto__', 'constructor', '10', '-1', '0'],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'ab01 \n\t:#-.,/"\'{}[]&*!|>%@?'), maxLength: 12 }),
);

const json = fc.letrec<{ value: unknown; map: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    odd,
    fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('map'),
  ),
  map: fc.dictionary(odd, tie('value'), { maxKeys: 5, noNullPrototype: true }),
}));

test('for all objects, the text is that of cdk8s, byte for byte', () => {
  fc.assert(
    fc.property(fc.array(json.map, { maxLength: 3 }), (objects) => {
      expect(toYaml(objects)).toBe(Yaml.stringify(...objects));
    }),
    { numRuns: 300 },
  );
});

test('so is that of every manifest of two clusters', () => {
  const objects = buildPlatform(platformOf(2), toUnits).flatMap(({ objects }) =>
    objects.map(({ object }) => object),
  );
  expect(toYaml(objects)).toBe(Yaml.stringify(...objects));
});

test('an object that stands at two places becomes an alias, as there', () => {
  const shared = { a: 'b' };
  expect(toYaml([{ one: shared, other: [shared] }])).toBe(Yaml.stringify({ one: shared, other: [shared] }));
});
