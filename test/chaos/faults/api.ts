import { randomUUID } from 'node:crypto';
import { toKey } from '../../../services/core/queue/keys.ts';
import { enqueue } from '../../../services/core/queue/scripts/enqueue.ts';
import { tick } from '../../../services/core/queue/scripts/tick.ts';
import type { Fault } from '../fault.ts';
import type { Moment } from '../link.ts';
import type { Stage } from '../stage.ts';

/** One delivery during which its replica is killed; the trap waits for this very push, or for `needle`. */
async function killDuring(stage: Stage, where: 'front' | 'back', moment: Moment, needle?: string) {
  const node = stage.pickNode();
  const sent = stage.push();
  const delivery = randomUUID();
  let delivering = false;
  let during = false;
  const trapped = stage.trap([node[where]], { request: needle ?? sent.sha, moment }, () => {
    during = delivering;
    node.replica.kill();
  });
  await node.replica.start();
  delivering = true;
  const told = await stage.deliver(sent, node, delivery);
  // One that has just started may have found the push before anybody told it.
  const sprung = (await trapped) && during;
  void node.replica.start();
  return { node, sent, delivery, told, sprung };
}

export const apiFaults: readonly Fault[] = [
  {
    number: 1,
    title:
      'An api that is killed before a webhook reaches it answers nothing; comparing heads makes exactly one job',
    calm: true,
    inject: async (stage) => {
      const node = stage.pickNode();
      await node.replica.start();
      const sent = stage.push({}, { once: true });
      const trapped = stage.trap([node.front], { request: '/webhooks/', moment: 'before request' }, () =>
        node.replica.kill(),
      );
      const told = await stage.deliver(sent, node);
      const sprung = await trapped;
      stage.expect(!sprung || told.status !== 202, 'a webhook that reached nobody was answered 202');
      // Its successor compares as it starts.
      await node.replica.start();
      return sprung ? 1 : 0;
    },
  },
  {
    number: 2,
    title:
      'An api that is killed after the enqueue and before its reply leaves one job; the same delivery again is a dup',
    calm: true,
    inject: async (stage) => {
      const { node, sent, delivery, told, sprung } = await killDuring(stage, 'back', 'before reply');
      if (!sprung) return 0;
      stage.expect(told.status !== 202, 'a killed api has answered');
      for (let tries = 0; tries < 50; tries += 1) {
        const again = await stage.deliver(sent, stage.other(node), delivery);
        if (again.answer !== undefined) {
          stage.expect(again.answer === 'dup', `the same delivery again was answered ${again.answer}`);
          break;
        }
        await stage.pause(10);
      }
      return 1;
    },
  },
  {
    number: 2,
    title: 'An api that is killed after its 202 was on the way leaves one job',
    calm: true,
    inject: async (stage) => ((await killDuring(stage, 'front', 'before reply')).sprung ? 1 : 0),
  },
  {
    number: 3,
    title:
      'An api that is killed between signature and enqueue leaves nothing; another delivery makes exactly one job',
    calm: true,
    inject: async (stage) => {
      const needle = stage.random.pick([toKey('repositories'), enqueue.sha]);
      const { sprung, told } = await killDuring(stage, 'back', 'before request', needle);
      stage.expect(!sprung || told.status !== 202, 'an enqueue that never left was answered 202');
      return sprung ? 1 : 0;
    },
  },
  {
    number: 4,
    title: 'An api that is killed during a tick leaves it to the other one, which takes the lost job back',
    inject: async (stage) => {
      const node = stage.pickNode();
      await node.replica.start();
      const moment = stage.random.pick(['before request', 'before reply'] as const);
      const sprung = await stage.trap([node.back], { request: tick.sha, moment }, () => node.replica.kill());
      void node.replica.start();
      return sprung ? 1 : 0;
    },
  },
  {
    number: 5,
    title:
      'While no api is there builds go on; when it is back no live job is taken away, and events follow on',
    weight: 2,
    calm: true,
    alone: true,
    inject: async (stage) => {
      const { nodes, leaseMs, random } = stage;
      for (let n = 0; n < 3; n += 1) void stage.settle(stage.push({ ms: random.below(3 * leaseMs) }));
      await stage.untilEvent(({ type }) => type === 'claimed');
      for (const { replica } of nodes) replica.kill();
      await stage.pause(leaseMs * random.pick([2, 2, 4, 8]));
      await Promise.all(nodes.map(({ replica }) => replica.start()));
      return 2;
    },
  },
];
