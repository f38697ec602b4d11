// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the pipeline file, not of this one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { GlobError, matchesGlob, parseGlob } from '../../../../services/core/pipeline/glob.ts';
import { parsePipeline, toSecretValue } from '../../../../services/core/pipeline/index.ts';
import { SubstitutionError, substitute } from '../../../../services/core/pipeline/substitution.ts';

const read = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../../fixtures/woodpecker/${name}.json`), 'utf8'));

const settings: { secret: string; answers: [string, Record<string, string>][] } = read('settings');
const matrix: { answers: [string, Record<string, string>[]][] } = read('matrix');
const envsubst: { variables: Record<string, string>; answers: [string, string | null][] } = read('envsubst');
const globs: { answers: [string, string, boolean | null][] } = read('globs');

/** JSON may be spaced and escaped in several ways. */
const toMeaning = (variables: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, /^[[{]/.test(value) ? JSON.parse(value) : value]),
  );

test.each(settings.answers)('settings become the variables of Woodpecker: %s', (text, variables) => {
  const [{ steps }] = parsePipeline(`steps: [{image: x, settings: {${text}}}]`, 'x.yaml');
  const [step] = steps;
  const uses = step?.secrets ?? [];
  const names = uses.flatMap(({ secret, parts = [] }) => [
    secret,
    ...parts.flatMap((part) => (typeof part === 'string' ? [] : [part.secret])),
  ]);
  const values = new Map(names.map((name) => [name, settings.secret.replace('NAME', name)]));
  const secrets = uses.map((use) => [use.variable, toSecretValue(use, values)]);
  const made = { ...step?.environment, ...Object.fromEntries(secrets) };
  expect(toMeaning(made)).toEqual(toMeaning(variables));
});

test.each(matrix.answers)('a matrix has the entries of Woodpecker: %s', (text, entries) => {
  const plans = parsePipeline(`${text}\nsteps: [{commands: x}]`, 'x.yaml');
  expect(plans.map(({ axes }) => axes)).toEqual(entries);
});

test.each(envsubst.answers)('%s is replaced as by envsubst', (text, result) => {
  if (result === null) expect(() => substitute(text, envsubst.variables)).toThrow(SubstitutionError);
  else expect(substitute(text, envsubst.variables)).toBe(result);
});

test.each([
  ['${#U}', '3', 'characters are counted, not bytes'],
  ['${U:0:1}', 'é', 'and never cut in two'],
  ['${MISSING-none}', 'none', 'as in the shell, where the original has an error'],
  ['${S#*}', 'abcabc', 'as in the shell: the shortest match is nothing'],
  ['${S#a${R}}', 'cabc', 'an operand may mix text and variables'],
])('%s is %s, other than by envsubst: %s', (text, result) => {
  expect(substitute(text, envsubst.variables)).toBe(result);
});

test.each(['${X:a}', '${X: -3}', '${E:?no}', '${E:+yes}'])(
  '%s is refused, where envsubst quietly does something else than the shell',
  (text) => {
    expect(() => substitute(text, envsubst.variables)).toThrow(SubstitutionError);
  },
);

test.each(globs.answers)('%s on %s matches as doublestar', (pattern, text, isMatch) => {
  if (isMatch === null) expect(() => parseGlob(pattern)).toThrow(GlobError);
  else expect(matchesGlob(parseGlob(pattern), text)).toBe(isMatch);
});
