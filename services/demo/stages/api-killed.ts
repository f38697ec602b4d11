import { countEnds, jobsOf, type Stage, untilEnd } from '../context.ts';
import { fact, toSeen } from '../fact.ts';
import { isApi } from '../processes.ts';
import { trivial } from './trivial.ts';

/** The edition ends its api after the first push to it has moved the ref, and before the api hears of it. */
export const crashName = 'demo/orphaned';

export const apiKilled: Stage = {
  title: 'the api killed in the gap',
  must: 'dead after the ref moved and before its job existed: the job still appears, once, and is green',
  run: async (context) => {
    const { remote, machine } = context;
    const before = (await machine.tree()).find(isApi);
    const copy = await remote.make(crashName.slice(crashName.indexOf('/') + 1), trivial);
    const { movement, result, job: printed } = await remote.push(copy);
    const head = await remote.head(copy);
    context.accepted.push(movement);
    const job = await untilEnd(context, movement);
    const after = await machine.find('the api', (row) => isApi(row) && row.pid !== before?.pid);
    const jobs = jobsOf(context, movement);
    return toSeen(
      fact(`the ref has ${head === movement.sha ? '' : 'not '}moved`, head === movement.sha && result.ok),
      fact(`api ${before?.pid} became ${after.pid}`, before !== undefined),
      fact(printed === undefined ? 'no address yet at the push' : 'its address came with the push', true),
      fact(`${jobs.length} job`, jobs.length === 1),
      fact(job.state, job.state === 'success'),
      fact(`ended ${countEnds(context, job.id)}×`, countEnds(context, job.id) === 1),
    );
  },
};
