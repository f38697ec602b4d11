import { expect, test } from '@jest/globals';
import { toPlanText } from '../../../services/cli/plan-text.ts';
import {
  type Plan,
  type PlannedStep,
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

test('steps that a situation leaves out are comments, and where nothing runs that is said', () => {
  const plan = createPlan([{}, { name: 'ship', when: [{ event: ['tag'] }], directory: 'web app' }]);
  expect(toPlanText(plan, push)).toBe(
    `# .bellows.yaml, for push on main
# ship is left out
steps:
  - name: step-1
    commands:
      - "true"
`,
  );
  expect(toPlanText({ ...plan, when: [{ event: ['cron'] }] }, push)).toMatch(/^# nothing runs: `when` of/m);
  expect(toPlanText(plan, { event: 'tag', branch: 'v1' })).toContain('    directory: web app\n');
});
