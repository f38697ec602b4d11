import type { Fault } from '../fault.ts';
import type { Link } from '../link.ts';
import type { Stage } from '../stage.ts';
import { pushUntilTaken } from './taken.ts';

const claim = 'POST /api/v1/agent/claim';

function allLines({ nodes, places }: Stage): Link[] {
  return [...nodes.flatMap(({ front, back }) => [front, back]), ...places.map(({ line }) => line)];
}

function load(stage: Stage, count: number): void {
  for (let n = 0; n < count; n += 1) void stage.settle(stage.push());
}

/** Spoils the line of an agent that has just claimed. Returns the agent. */
async function spoil(stage: Stage, lose: Link['lose'], ms: number): Promise<string | undefined> {
  void stage.settle(stage.push({ ms: 10 + stage.random.below(20) }));
  let agent: string | undefined;
  let line: Link | undefined;
  const lines = stage.places.map((place) => place.line);
  await stage.trap(lines, { request: claim, moment: 'after reply' }, (n) => {
    agent = stage.agents[n];
    line = lines[n];
    if (line !== undefined) line.lose = lose;
  });
  if (line === undefined) return undefined;
  await stage.pause(ms);
  line.heal();
  line.reset();
  return agent;
}

export const networkFaults: readonly Fault[] = [
  {
    number: 31,
    title: 'Lines that are reset again and again cost time, and no job',
    inject: async (stage) => {
      load(stage, 4);
      const lines = allLines(stage);
      let resets = 0;
      for (let n = 0; n < 8; n += 1) {
        await stage.pause(stage.random.below(25));
        if ((stage.random.some(lines)?.reset() ?? 0) > 0) resets += 1;
      }
      return resets;
    },
  },
  {
    number: 32,
    title: 'What arrives and is not answered is said again, and counts once: claims, logs, ends',
    weight: 5,
    inject: async (stage) => {
      const ms = stage.leaseMs * (0.2 + 0.6 * stage.random.next());
      return (await spoil(stage, { requests: false, replies: true }, ms)) === undefined ? 0 : 1;
    },
  },
  {
    number: 32,
    title: 'A webhook that arrives and is not answered is delivered again, and is one job',
    weight: 5,
    inject: async (stage) => {
      const node = stage.pickNode();
      const trapped = stage.trap(
        [node.front],
        { request: '/webhooks/', moment: 'before reply' },
        () => undefined,
      );
      const sent = stage.push();
      await stage.deliver(sent, node);
      const sprung = await trapped;
      return sprung ? 1 : 0;
    },
  },
  {
    number: 33,
    title:
      'An agent that is cut off for longer than its lease loses its job to another, and nothing that it says then counts',
    weight: 4,
    inject: async (stage) => {
      const agent = await spoil(
        stage,
        { requests: true, replies: true },
        stage.leaseMs * (1.3 + stage.random.next()),
      );
      return agent === undefined ? 0 : 1;
    },
  },
  {
    number: 34,
    title: 'An api whose line to Redis is dead, unknown to both, has a new one within seconds',
    weight: 2,
    alone: true,
    inject: async (stage) => {
      const node = stage.pickNode();
      await node.replica.start();
      if (node.back.freeze() === 0) return 0;
      const started = performance.now();
      for (;;) {
        const sent = stage.push();
        const { status } = await stage.deliver(sent, node);
        if (status === 202) break;
        if (performance.now() - started > 8000 + stage.waited()) {
          stage.expectInTime(false, 'after 8 s an api still speaks into a dead line to Redis');
          node.back.reset();
          break;
        }
        await stage.pause(50);
      }
      return 1;
    },
  },
  {
    number: 34,
    title: 'An agent whose lines are dead, unknown to both ends, has new ones before its lease is over',
    weight: 4,
    calm: true,
    inject: async (stage) => {
      const { places, leaseMs, random } = stage;
      const taken = await pushUntilTaken(stage, { ms: leaseMs });
      if (taken === undefined) return 0;
      await stage.pause(random.below(leaseMs / 2));
      // Between two questions of an agent there may be no line.
      for (let look = 0; look < 100; look++) {
        if ((places[taken.n]?.line.freeze() ?? 0) > 0) return 1;
        await stage.pause(2);
      }
      return 0;
    },
  },
];
