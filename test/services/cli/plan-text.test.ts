import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toPlanText } from '../../../services/cli/plan-text.ts';
import {
  type Plan,
  type PlannedStep,
  parsePipeline,
  planDefaults,
  stepDefaults,
} from '../../../services/core/pipeline/index.ts';

const push = { event: 'push', branch: 'main' };

function createPlan(steps: Partial<PlannedStep>[], given: Partial<Plan> = {}): Plan {
  return {
    source: '.bellows.yaml',
    detected: false,
    workflow: 'bellows',
    when: [],
    ...planDefaults,
    ...given,
    steps: steps.map(
      (step, at) => ({ ...stepDefaults, name: `step-${at + 1}`, commands: ['true'], ...step }) as PlannedStep,
    ),
  };
}

test('what is printed is read as the same steps, whatever they hold', () => {
  const text = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 40 })
    .filter((one) => !one.includes('\0'));
  // What the parser itself would compute from a command has been computed before.
  const command = text.filter((one) => !one.includes('${'));
  const step = fc.record(
    {
      commands: fc.array(command, { minLength: 1, maxLength: 3 }),
      image: text,
      environment: fc.dictionary(fc.stringMatching(/^X[A-Z0-9_]{0,8}$/), text),
      failure: fc.constantFrom('fail' as const, 'ignore' as const),
    },
    { requiredKeys: ['commands'] },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 3 }), (steps) => {
      const plan = createPlan(steps);
      const printed = toPlanText(plan, push);
      expect(parsePipeline(printed, '.bellows.yaml')[0].steps).toEqual(plan.steps);
      expect(printed).not.toMatch(/(?!\n)\p{Cc}/u);
    }),
  );
});

test('steps that a situation leaves out are comments, and where nothing runs that is said', () => {
  const plan = createPlan([{}, { name: 'ship', when: [{ event: ['tag'] }], directory: 'web app' }]);
  expect(toPlanText(plan, push)).toBe(
    `# .bellows.yaml, for push on main
steps:
  - name: step-1
    commands:
      - "true"
  # ship is left out
`,
  );
  expect(toPlanText({ ...plan, when: [{ event: ['cron'] }] }, push)).toMatch(/^# nothing runs: `when` of/m);
  expect(toPlanText(plan, { event: 'tag', branch: 'v1' })).toContain('    directory: web app\n');
});
