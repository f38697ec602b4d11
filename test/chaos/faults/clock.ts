import type { Fault } from '../fault.ts';
import { pushUntilTaken } from './taken.ts';

const hour = 3_600_000;

export const clockFaults: readonly Fault[] = [
  {
    number: 35,
    title:
      'A clock of Redis that jumps by an hour takes no job from a live agent, and ends none for its time',
    needs: 'cc',
    weight: 6,
    calm: true,
    alone: true,
    inject: async (stage) => {
      const { page, random, leaseMs } = stage;
      for (let n = 0; n < 3; n += 1) void stage.settle(stage.push({ ms: random.below(leaseMs) }));
      await stage.untilEvent(({ type }) => type === 'claimed');
      const ahead = random.chance(0.5) ? hour : -hour;
      page?.setClock(ahead);
      await stage.pause(leaseMs * (0.2 + random.next()));
      page?.setClock(0);
      await stage.pause(leaseMs * 0.2);
      return 2;
    },
  },
  {
    number: 35,
    title: 'A clock of Redis that drifts takes no job from a live agent',
    needs: 'cc',
    weight: 4,
    calm: true,
    alone: true,
    inject: async (stage) => {
      const { page, random, leaseMs } = stage;
      for (let n = 0; n < 3; n += 1) void stage.settle(stage.push({ ms: random.below(leaseMs) }));
      // One part in ten too fast, or too slow.
      const drift = random.chance(0.5) ? 0.1 : -0.1;
      for (let step = 1; step <= 20; step += 1) {
        page?.setClock(Math.round((step * leaseMs * drift) / 20));
        await stage.pause(leaseMs / 20);
      }
      return 1;
    },
  },
  {
    number: 35,
    title: 'A job whose agent died before the clock of Redis jumped is taken back all the same',
    needs: 'cc',
    weight: 4,
    alone: true,
    inject: async (stage) => {
      const { page, random, leaseMs, places } = stage;
      const taken = await pushUntilTaken(stage, { ms: 4 * leaseMs });
      if (taken === undefined) return 0;
      places[taken.n]?.slot.kill();
      page?.setClock(random.chance(0.5) ? hour : -hour);
      const started = performance.now();
      await stage.untilEvent(({ type, job }) => type === 'lost' && job === taken.job);
      const ms = Math.round(performance.now() - started);
      // The tick that sees the jump gives it one lease from then on; each of the two may be a tick late.
      const most = 2 * leaseMs;
      stage.expectInTime(ms <= most, `the job of a dead agent was taken back after ${ms} ms, not ${most}`);
      page?.setClock(0);
      return 2;
    },
  },
  {
    number: 36,
    title: 'An agent whose clock is wrong by a year does its job like any other',
    needs: 'cc',
    weight: 4,
    calm: true,
    inject: async (stage) => {
      const { places, random } = stage;
      const place = places[stage.pickPlace()];
      if (place?.page === undefined) return 0;
      // A process of its own: the place has none that works as long as nothing waits.
      place.page.setClock((random.chance(0.5) ? 1 : -1) * 365 * 24 * hour);
      for (let n = 0; n < 4; n += 1) void stage.settle(stage.push());
      await stage.untilEvent(({ type }) => type === 'finished');
      return 1;
    },
  },
];
