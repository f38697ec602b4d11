import { setTimeout as delay } from 'node:timers/promises';
import { type Context, jobsOf, type Stage, untilEnd } from '../context.ts';
import { fact, toSeen } from '../fact.ts';
import { toDelivery } from '../hooks.ts';
import { type Movement, toLedger } from '../ledger.ts';
import { isRedis } from '../processes.ts';
import type { Copy } from '../remote.ts';
import { trivial } from './trivial.ts';

const repositories = 6;
const pushesEach = 3;
/** After each push. */
const hooksEach = 1;
/** So many of the load's jobs exist when Redis dies, and when it dies again; the rest is on its way. */
const killsAt = [5, 15];
const limitMs = 40_000;

export const redisKilled: Stage = {
  title: 'Redis killed under load',
  must: 'killed twice: every push and webhook that was accepted is run and ends exactly once: 0 lost, 0 doubled',
  run: async (context) => {
    const { remote, machine, journal } = context;
    const names = Array.from({ length: repositories }, (_, n) => `load-${n + 1}`);
    const copies = await Promise.all(names.map((name) => remote.make(name, trivial)));
    const own = () => [...journal.jobs.values()].filter((job) => job.spec.repository.includes('/load-'));
    const load = createLoad(context);
    const underWay: number[] = [];
    const killAt = async (count: number) => {
      const reached = () => (own().length >= count ? true : undefined);
      await journal.until(reached, `${count} jobs of the load`, limitMs);
      const redis = await machine.find('Redis', isRedis);
      await machine.kill(redis);
      underWay.push(load.underWay);
      await machine.find('Redis again', (row) => isRedis(row) && row.pid !== redis.pid);
    };
    const killing = killsAt.reduce((before, count) => before.then(() => killAt(count)), Promise.resolve());
    await Promise.all([killing, ...copies.map((copy) => load.run(copy))]);

    await Promise.all(load.accepted.map((movement) => untilEnd(context, movement, limitMs)));
    const jobs = load.accepted.flatMap((movement) => jobsOf(context, movement));
    const ledger = toLedger(load.accepted, jobs, journal.events);
    const green = jobs.filter((job) => job.state === 'success').length;
    return toSeen(
      fact(
        `killed with ${underWay.join(' and ')} requests under way`,
        underWay.some((count) => count > 0),
      ),
      fact(`${ledger.accepted} accepted`, ledger.accepted === repositories * pushesEach * (1 + hooksEach)),
      fact(`${ledger.finished} ended once, ${green} green`, green === ledger.accepted),
      fact(`${ledger.lost.length} lost`, ledger.lost.length === 0),
      fact(`${ledger.doubled.length} doubled`, ledger.doubled.length === 0),
      fact(`${load.refused} times told to come again`, true),
    );
  },
};

/** A user and a forge who do not give up: what was not accepted is sent again. */
function createLoad({ remote, hooks, accepted: all, signal }: Context) {
  const accepted: Movement[] = [];
  const load = { accepted, underWay: 0, refused: 0, run };
  const note = (movement: Movement) => {
    accepted.push(movement);
    all.push(movement);
  };

  async function until(what: string, attempt: () => Promise<boolean>): Promise<void> {
    load.underWay += 1;
    for (const end = performance.now() + limitMs; !(await attempt()); load.refused += 1) {
      if (performance.now() > end) throw new Error(`${what} was refused for ${limitMs / 1000} s`);
      await delay(100, undefined, { signal });
    }
    load.underWay -= 1;
  }

  async function push(copy: Copy): Promise<Movement> {
    let moved: Movement | undefined;
    await until(`a push to ${copy.repository}`, async () => {
      const { movement, result } = await remote.push(copy);
      moved = movement;
      // Also a push that git calls failed was accepted if its ref has moved.
      return result.ok || (await remote.head(copy)) === movement.sha;
    });
    if (moved === undefined) throw new Error('nothing was pushed');
    note(moved);
    return moved;
  }

  async function send(movement: Movement): Promise<void> {
    const delivery = toDelivery(movement);
    await until(`a webhook for ${movement.ref}`, async () => {
      const { status } = await hooks.send(delivery).catch(() => ({ status: 0 }));
      return status === 202 || status === 200;
    });
    note(movement);
  }

  async function run(copy: Copy): Promise<void> {
    const branches = Array.from({ length: pushesEach }, (_, n) => ({ ...copy, branch: `branch-${n + 1}` }));
    await Promise.all(
      branches.map(async (branch, n) => {
        const pushed = await push(branch);
        const told = Array.from({ length: hooksEach }, (_, m) => ({
          ...pushed,
          ref: `refs/heads/hooked-${n + 1}-${m + 1}`,
        }));
        await Promise.all(told.map(send));
      }),
    );
  }
  return load;
}
