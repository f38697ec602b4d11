import { type Stage, untilEnd, untilJob } from '../context.ts';
import { fact, toSeen } from '../fact.ts';
import { toTree } from '../processes.ts';

const sleep = 'sleep 3917';
const pipeline = `steps:
  - name: wait
    commands:
      - ${sleep}
`;

export const cancelled: Stage = {
  title: 'a push that is cancelled',
  must: 'cancelled while its step runs; neither agent nor step is left',
  run: async (context) => {
    const { remote, machine, api, journal } = context;
    const copy = await remote.make('cancelled', pipeline);
    const { movement } = await remote.push(copy);
    context.accepted.push(movement);
    const { id } = await untilJob(context, movement);
    const step = await machine.find(`running ${sleep}`, (row) => row.command === sleep);
    const agent = await machine.ancestor(step);
    const processes = agent === undefined ? [step] : toTree(await machine.tree(), agent.pid);
    const askedAt = Date.now();
    await api.cancel(id);
    const job = await untilEnd(context, movement);
    const tookMs = Date.now() - askedAt;
    // The job is over when its agent says so; the agent itself ends a moment later.
    const left = await machine.left(processes, context.graceMs);
    const asked = journal.events.some((event) => event.job === id && event.type === 'cancelling');
    return toSeen(
      fact(`${job.state} after ${tookMs} ms`, job.state === 'cancelled' && asked),
      fact(`${left.length} of its ${processes.length} processes left`, left.length === 0),
    );
  },
};
