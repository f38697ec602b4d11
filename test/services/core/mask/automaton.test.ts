import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAutomaton } from '../../../../services/core/mask/automaton.ts';

const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 8 });

test('each state stands for the longest end that a pattern begins with, and knows the longest that ends here', () => {
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 6 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c') }),
      (patterns, text) => {
        const automaton = createAutomaton(new Set(patterns));
        let state = 0;
        for (let end = 1; end <= text.length; end++) {
          state = automaton.step(state, text.charCodeAt(end - 1));
          const ends = Array.from({ length: end + 1 }, (_, i) => text.slice(i, end));
          const longest = ends.find((one) => patterns.some((pattern) => pattern.startsWith(one))) ?? '';
          expect(Buffer.from(automaton.text(state)).toString().slice(0, automaton.depth(state))).toBe(
            longest,
          );
          expect(automaton.match(state)).toBe(ends.find((one) => patterns.includes(one))?.length ?? 0);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('it has no more states than its patterns have bytes, and one', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), (patterns) => {
      const bytes = patterns.reduce((sum, pattern) => sum + pattern.length, 0);
      expect(createAutomaton(patterns).states).toBeLessThanOrEqual(bytes + 1);
    }),
  );
});
