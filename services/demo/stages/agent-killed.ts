import { countEnds, type Stage, untilEnd, untilJob } from '../context.ts';
import { fact, toSeen } from '../fact.ts';
import { toTree } from '../processes.ts';

const sleep = 'sleep 3823';
const pipeline = `steps:
  - name: work
    commands:
      - if [ "$CI_ATTEMPT" = 1 ]; then ${sleep}; fi
      - echo "attempt $CI_ATTEMPT"
`;

export const agentKilled: Stage = {
  title: 'an agent killed mid-job',
  must: 'noticed at once, run again, green at attempt 2; ended once, and nothing of the dead one left',
  run: async (context) => {
    const { remote, machine, journal } = context;
    const copy = await remote.make('survives', pipeline);
    const { movement } = await remote.push(copy);
    context.accepted.push(movement);
    const { id } = await untilJob(context, movement);
    const step = await machine.find(`running ${sleep}`, (row) => row.command === sleep);
    const agent = await machine.ancestor(step);
    if (agent === undefined) throw new Error(`the step (process ${step.pid}) belongs to no agent`);
    const processes = toTree(await machine.tree(), agent.pid);
    const killedAt = Date.now();
    await machine.kill(agent);

    const job = await untilEnd(context, movement);
    const own = journal.events.filter((event) => event.job === id);
    const lost = own.find((event) => event.type === 'lost');
    const left = await machine.left(processes, context.graceMs);
    return toSeen(
      lost === undefined ? fact('never noticed', false) : fact(`lost after ${lost.at - killedAt} ms`, true),
      fact(job.state, job.state === 'success'),
      fact(`attempt ${job.attempt}`, job.attempt === 2),
      fact(`ended ${countEnds(context, id)}×`, countEnds(context, id) === 1),
      fact(`${left.length} of its ${processes.length} processes left`, left.length === 0),
    );
  },
};
