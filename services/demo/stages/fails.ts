import { type Stage, untilEnd } from '../context.ts';
import { fact, toSeen } from '../fact.ts';

const pipeline = `steps:
  - name: break
    commands:
      - exit 7
  - name: never
    commands:
      - echo never
`;

export const fails: Stage = {
  title: 'a push that fails',
  must: 'red, with exit code 7 and the step that broke, without a second attempt',
  run: async (context) => {
    const copy = await context.remote.make('fails', pipeline);
    const { movement } = await context.remote.push(copy);
    context.accepted.push(movement);
    const { state, exitCode, reason = 'no reason', attempt } = await untilEnd(context, movement);
    return toSeen(
      fact(state, state === 'failure'),
      fact(`exit code ${exitCode}`, exitCode === 7),
      fact(reason, reason.includes('break')),
      fact(`attempt ${attempt}`, attempt === 1),
    );
  },
};
