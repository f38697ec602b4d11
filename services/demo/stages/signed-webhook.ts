import { jobsOf, type Stage, untilEnd } from '../context.ts';
import { fact, toSeen } from '../fact.ts';
import { toDelivery } from '../hooks.ts';
import { trivial } from './trivial.ts';

export const signedWebhook: Stage = {
  title: 'a signed webhook',
  must: 'accepted (202) and green; the same again, by its id or by its content, is a duplicate; one job',
  run: async (context) => {
    const { remote, hooks } = context;
    const copy = await remote.make('hooked', trivial);
    const { movement } = await remote.push(copy);
    context.accepted.push(movement);
    await untilEnd(context, movement);

    const hooked = { ...movement, ref: 'refs/heads/hooked' };
    const delivery = toDelivery(hooked);
    const first = await hooks.send(delivery);
    if (first.status === 202) context.accepted.push(hooked);
    const again = await hooks.send(delivery);
    // Gitea's button "deliver again" makes a new id for the same event.
    const renamed = await hooks.send({ ...delivery, id: crypto.randomUUID() });
    const { state } = await untilEnd(context, hooked);
    const jobs = jobsOf(context, hooked).length;
    return toSeen(
      fact(`${first.status} ${first.answer}`, first.status === 202 && first.answer === 'enqueued'),
      fact(`again ${again.answer ?? again.status}`, again.answer === 'dup'),
      fact(`with a new id ${renamed.answer ?? renamed.status}`, renamed.answer === 'dup'),
      fact(state, state === 'success'),
      fact(`${jobs} job`, jobs === 1),
    );
  },
};
