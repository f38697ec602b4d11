import { jobsOf, type Stage, untilEnd } from '../context.ts';
import { fact, toSeen } from '../fact.ts';
import { toDelivery } from '../hooks.ts';
import { trivial } from './trivial.ts';

export const forgedWebhook: Stage = {
  title: 'forged webhooks',
  must: 'a wrong, upper-case, short, missing signature, and that of other bytes: 401, and nothing is written',
  run: async (context) => {
    const { remote, hooks } = context;
    const copy = await remote.make('forged', trivial);
    const { movement } = await remote.push(copy);
    context.accepted.push(movement);
    await untilEnd(context, movement);

    const hooked = { ...movement, ref: 'refs/heads/forged' };
    const delivery = toDelivery(hooked);
    const good = hooks.sign(delivery.body);
    const forgeries = {
      wrong: good.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      'upper-case': good.toUpperCase(),
      short: good.slice(0, 32),
      missing: undefined,
      "other bytes'": hooks.sign(Buffer.concat([delivery.body, Buffer.from(' ')])),
    };
    const answers = await Promise.all(
      Object.entries(forgeries).map(async ([name, signature]) => {
        const { status } = await hooks.sendWith(delivery, signature);
        return fact(`${name} ${status}`, status === 401);
      }),
    );
    const built = jobsOf(context, hooked).length;
    // Had any of them left a trace, the same delivery would now be a duplicate.
    const genuine = await hooks.send(delivery);
    const clean = built === 0 && genuine.answer === 'enqueued';
    if (genuine.status === 202) context.accepted.push(hooked);
    const state = clean ? (await untilEnd(context, hooked)).state : 'not built';
    return toSeen(
      ...answers,
      fact(`${built} jobs`, built === 0),
      fact(
        `then the genuine one ${genuine.answer ?? genuine.status} and ${state}`,
        clean && state === 'success',
      ),
    );
  },
};
