import type { Fault } from '../fault.ts';
import type { Moment } from '../link.ts';
import type { Stage } from '../stage.ts';

const claim = 'POST /api/v1/agent/claim';
const complete = '/complete HTTP';

/** Kills the first agent that comes to this moment; its parent may see it, or the lease has to run out. */
async function killAt(stage: Stage, request: string, moment: Moment, afterMs = 0): Promise<number> {
  const { places, agents, random } = stage;
  void stage.settle(stage.push({ ms: 5 + random.below(20) }));
  let victim: string | undefined;
  let place = 0;
  const sprung = await stage.trap(
    places.map(({ line }) => line),
    { request, moment },
    (n) => {
      place = n;
      victim = agents[n];
      if (afterMs === 0) places[n]?.slot.kill();
    },
  );
  if (!sprung) return 0;
  if (afterMs > 0) {
    await stage.pause(afterMs);
    if (agents[place] !== victim) return 0;
    places[place]?.slot.kill();
  }
  if (victim !== undefined && random.chance(0.5)) await stage.reportLost(victim);
  return 1;
}

/** An agent that has just claimed; undefined where none does. */
async function claimed(stage: Stage): Promise<{ n: number; agent: string } | undefined> {
  let found: { n: number; agent: string } | undefined;
  const lines = stage.places.map(({ line }) => line);
  await stage.trap(lines, { request: claim, moment: 'after reply' }, (n) => {
    found = { n, agent: stage.agents[n] ?? '' };
  });
  const agent = found?.agent;
  const took = await stage.untilEvent(
    (event) => event.type === 'claimed' && 'agent' in event && event.agent === agent,
    200,
  );
  return took === undefined ? undefined : found;
}

/** Stops the process of an agent that has a job, for a while. Its exit code, where it ended. */
async function stopAgent(stage: Stage, ms: number, workMs: number) {
  void stage.settle(stage.push({ ms: workMs, chunks: 2 }));
  const victim = await claimed(stage);
  if (victim === undefined) return undefined;
  const { slot } = stage.places[victim.n] ?? { slot: undefined };
  slot?.signal('SIGSTOP');
  await stage.pause(ms);
  slot?.signal('SIGCONT');
  return victim;
}

export const agentFaults: readonly Fault[] = [
  {
    number: 6,
    title: 'An agent that is killed before its claim leaves the job untouched for the next',
    inject: (stage) => killAt(stage, claim, 'before request'),
  },
  {
    number: 7,
    title: 'A job whose agent is killed between its claim and the answer goes to another',
    inject: (stage) => killAt(stage, claim, 'before reply'),
  },
  {
    number: 8,
    title: 'A job whose agent is killed right after its claim goes to another',
    inject: (stage) => killAt(stage, claim, 'after reply'),
  },
  {
    number: 9,
    title: 'A job whose agent is killed at work goes to another',
    inject: (stage) => killAt(stage, claim, 'after reply', 1 + stage.random.below(25)),
  },
  {
    number: 10,
    title: 'A job whose agent is killed before it could say the end is done again, once',
    inject: (stage) => killAt(stage, complete, 'before request'),
  },
  {
    number: 11,
    title: 'An end whose answer is lost is said again, answered dup, and counts once',
    calm: true,
    inject: async (stage) => {
      const lines = stage.places.map(({ line }) => line);
      void stage.settle(stage.push());
      let agent = '';
      const sprung = await stage.trap(lines, { request: complete, moment: 'before reply' }, (n) => {
        agent = stage.agents[n] ?? '';
      });
      if (!sprung) return 0;
      await stage.untilExit(agent);
      // Another fault of the round may have killed it.
      if (stage.exits.get(agent) === undefined) return 1;
      const answers = stage.notes().filter((note) => note.agent === agent && note.what === 'heard');
      // Its token is good for a lease after its end: later it is refused.
      stage.expectInTime(answers.length > 0, `${agent} repeated its end and heard nothing`);
      const others = answers.flatMap(({ answer }) => (answer === 'dup' ? [] : [answer]));
      stage.expect(others.length === 0, `${agent} repeated its end and heard ${others.join(', ')}`);
      return 1;
    },
  },
  {
    number: 11,
    title: 'An agent that is killed after its end was recorded, before it knew, changes nothing',
    inject: (stage) => killAt(stage, complete, 'before reply'),
  },
  {
    number: 12,
    title: 'An agent that is killed after it was told that its end counts changes nothing',
    inject: (stage) => killAt(stage, complete, 'after reply'),
  },
  {
    number: 13,
    title:
      'An agent that stands still for longer than its lease is replaced; when it goes on it is refused, and says so',
    weight: 4,
    inject: async (stage) => {
      const victim = await stopAgent(stage, stage.leaseMs * (1.5 + stage.random.next()), stage.leaseMs);
      if (victim === undefined) return 0;
      await stage.untilExit(victim.agent);
      const ended = stage.exits.get(victim.agent);
      // One that was done before it was stopped has lost nothing.
      const isDone = stage.notes().some(({ agent, answer }) => agent === victim.agent && answer === 'done');
      const text = `the agent that had lost its job ended with ${ended}, not with 3`;
      // 1: nobody answered it for as long as it has patience.
      stage.expectInTime(ended !== 1, text);
      stage.expect(isDone || ended === 3 || ended === 1 || ended === undefined, text);
      return 1;
    },
  },
  {
    number: 14,
    title: 'An agent that stands still for less than its lease keeps its job',
    weight: 6,
    calm: true,
    inject: async (stage) =>
      (await stopAgent(stage, stage.leaseMs * 0.1 * (1 + 2 * stage.random.next()), 30)) === undefined ? 0 : 1,
  },
  {
    number: 15,
    title: 'A job whose agent is killed for its memory counts a lost agent, and no failure',
    inject: async (stage) => {
      void stage.settle(stage.push({ ms: 50 }));
      const victim = await claimed(stage);
      if (victim === undefined) return 0;
      // What the kernel does to a process that takes too much.
      stage.places[victim.n]?.slot.kill();
      await stage.reportLost(victim.agent);
      const lost = await stage.untilEvent(
        (event) => event.type === 'lost' || event.type === 'delayed',
        2 * stage.leaseMs + 2000,
      );
      stage.expect(lost?.type !== 'delayed', 'its agent was killed, and the job is told to have failed');
      stage.expectInTime(lost !== undefined, 'its agent was killed, and the job is not told to be lost');
      return 1;
    },
  },
  {
    number: 16,
    title: 'A job that kills every agent is dead after three, with the reason, and nobody else waits for it',
    weight: 3,
    inject: async (stage) => {
      const sent = stage.push({ end: 'poison' }, { ends: ['dead'] });
      await stage.settle(sent);
      const [job] = sent.told.flatMap(({ jobs = [] }) => jobs);
      for (let kills = 0; kills < 3; kills += 1) {
        const seen = await stage.untilEvent(
          (event) =>
            event.job === job &&
            event.type === 'claimed' &&
            'attempt' in event &&
            event.attempt === kills + 1,
        );
        if (seen === undefined) return kills;
        if ('agent' in seen && stage.random.chance(0.7)) await stage.reportLost(String(seen.agent));
      }
      const dead = await stage.untilEvent((event) => event.job === job && event.type === 'dead');
      stage.expectInTime(dead !== undefined, 'three agents are lost, and the job is not dead');
      stage.expect(dead === undefined || 'reason' in dead, 'a job is dead, and nobody knows why');
      return 3;
    },
  },
];
