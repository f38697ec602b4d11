// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of the pipeline file, not of this one.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toShellCommand } from '../../../../services/core/pipeline/command.ts';
import { SubstitutionError, substitute } from '../../../../services/core/pipeline/substitution.ts';

const variables = { SHA: 'abcdef0123456789', REF: 'refs/heads/a/b', EMPTY: '', WORD: 'Hello' };

describe('substitute', () => {
  test.each([
    ['a ${SHA} b', 'a abcdef0123456789 b'],
    ['${NONE}', ''],
    ['$SHA $ 5$', '$SHA $ 5$'],
    ['$${SHA}', '${SHA}'],
    ['${#WORD}', '5'],
    ['${SHA:0:8}', 'abcdef01'],
    ['${SHA:10}', '456789'],
    ['${SHA:99}', ''],
    ['${NONE:-x}${EMPTY:-y}${EMPTY-z}${NONE-z}', 'xyz'],
    ['${NONE:=x}${NONE=y}${WORD:-z}', 'xyHello'],
    ['${NONE:-${SHA:0:2}-${NONE:-q}}', 'ab-q'],
    ['${REF#refs/}', 'heads/a/b'],
    ['${REF#*/}', 'heads/a/b'],
    ['${REF##*/}', 'b'],
    ['${REF%/*}', 'refs/heads/a'],
    ['${REF%%/*}', 'refs'],
    ['${REF%x}', 'refs/heads/a/b'],
    ['${REF//\\//-}', 'refs-heads-a-b'],
    ['${REF/a/A}', 'refs/heAds/a/b'],
    ['${REF/#refs/R}', 'R/heads/a/b'],
    ['${REF/#x/R}${REF/%x/R}', 'refs/heads/a/brefs/heads/a/b'],
    ['${REF/%b/B}', 'refs/heads/a/B'],
    ['${REF////-}', 'refs-heads-a-b'],
    ['${REF/\\/heads/}', 'refs/a/b'],
    ['${WORD^^}${WORD,,}${WORD,}', 'HELLOhellohello'],
    ['${NONE^}${SHA^}', 'Abcdef0123456789'],
  ])('%s is %s', (text, expected) => {
    expect(substitute(text, variables)).toBe(expected);
  });

  test.each([
    '${',
    '${SHA',
    '${}',
    '${1}',
    '${SHA:}',
    '${SHA:-${X}',
    '${SHA@Q}',
    '${SHA^x}',
    '${SHA/a}',
    '${SHA#[}',
    `\${SHA#${'a'.repeat(101)}}`,
    `${'${X:-'.repeat(9)}${'}'.repeat(9)}`,
    `\${SHA//a/${'b'.repeat(70_000)}}`,
  ])('refuses %s', (text) => {
    expect(() => substitute(text, variables)).toThrow(SubstitutionError);
  });

  test('a value is never read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(substitute('<${X}>', { X: value })).toBe(`<${value}>`);
        expect(substitute('${NONE:-${X}}', { X: value })).toBe(value);
      }),
    );
  });

  test('inherited names are not variables', () => {
    expect(substitute('${toString}${__proto__}', {})).toBe('');
  });
});

describe('a command', () => {
  test('is left to the shell, but for what sh cannot do', () => {
    expect(toShellCommand('echo ${SHA} "${SHA:0:4}" ${WORD:-x} ${WORD^^} $${WORD}', variables, 3)).toEqual({
      text: 'echo ${SHA} "${BELLOWS_3}" ${WORD:-x} ${BELLOWS_4} ${WORD}',
      variables: { BELLOWS_3: 'abcd', BELLOWS_4: 'HELLO' },
    });
  });

  test("keeps the shell's own variables and whatever else looks like an expression", () => {
    const text = 'x=1; bash -c \'echo ${x:0:1} ${@} ${!y}\'; awk "{print ${1}" ${';
    expect(toShellCommand(text, variables, 1)).toEqual({ text, variables: {} });
  });
});
