import { readLog, type Stage, untilEnd } from '../context.ts';
import { fact, toSeen } from '../fact.ts';

const pipeline = `steps:
  - name: count
    commands:
      - echo "counted $((40 + 2))"
`;

export const passes: Stage = {
  title: 'a push that passes',
  must: 'green at the first attempt, its output in the log, its address printed by the push',
  run: async (context) => {
    const copy = await context.remote.make('passes', pipeline);
    const { movement, result, job: printed } = await context.remote.push(copy);
    context.accepted.push(movement);
    const job = await untilEnd(context, movement);
    const log = await readLog(context, job.id);
    return toSeen(
      fact(result.ok ? 'pushed' : `the push was refused: ${result.stderr.trim()}`, result.ok),
      fact(job.state, job.state === 'success'),
      fact(`attempt ${job.attempt}`, job.attempt === 1),
      log.includes('counted 42') ? fact('its output', true) : fact(`the log: ${log.slice(-200)}`, false),
      fact(
        printed === job.id ? 'its address' : `the push printed: ${result.stderr.trim()}`,
        printed === job.id,
      ),
    );
  },
};
