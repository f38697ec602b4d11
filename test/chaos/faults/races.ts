import { randomUUID } from 'node:crypto';
import type { Fault } from '../fault.ts';
import { findBeside, isEnd } from '../ledger.ts';
import type { Stage } from '../stage.ts';

const complete = '/complete HTTP';
/** Less than what a job may take. */
const forAsLongAsItTakes = 500_000;

const cancel = (stage: Stage, job: string) =>
  stage.forge.ask(stage.pickNode().front.port, 'POST', `/api/v1/jobs/${job}/cancel`);

/** Asks until somebody answers. */
async function cancelSurely(stage: Stage, job: string): Promise<void> {
  for (;;) {
    const { status } = await cancel(stage, job);
    if (status > 0 && status < 500 && status !== 429) return;
    await stage.pause(10);
  }
}

export const raceFaults: readonly Fault[] = [
  {
    number: 26,
    title: 'A log that floods a full Redis is cut short, and its job ends with its result',
    weight: 1,
    alone: true,
    calm: true,
    inject: async (stage) => {
      stage.cutsLogs = true;
      await stage.settle(stage.push({ ms: 100, chunks: 60, bytes: 60_000 }));
      await stage.untilEvent(({ type }) => type === 'claimed');
      await stage.admin.config('SET', 'maxmemory', 1);
      const end = await stage.untilEvent(({ type }) => type === 'finished');
      stage.expectInTime(end !== undefined, 'a job does not end while its log finds no room');
      await stage.admin.config('SET', 'maxmemory', 2 ** 30);
      return 1;
    },
  },
  {
    number: 41,
    title: 'A long job holds up none of the short ones',
    weight: 3,
    calm: true,
    alone: true,
    inject: async (stage) => {
      // It is cancelled once the others have ended.
      const long = stage.push({ ms: forAsLongAsItTakes }, { ends: ['cancelled'] });
      await stage.settle(long);
      const [job] = long.told.flatMap(({ jobs = [] }) => jobs);
      await stage.untilEvent((event) => event.type === 'claimed' && event.job === job);
      const short = [stage.push({ ms: 5 }), stage.push({ ms: 5 }), stage.push({ ms: 5 })];
      await Promise.all(short.map((sent) => stage.settle(sent)));
      for (const { told } of short) {
        const [own] = told.flatMap(({ jobs = [] }) => jobs);
        const end = await stage.untilEvent((event) => event.type === 'finished' && event.job === own);
        stage.expectInTime(end !== undefined, 'a short job waits for a long one');
      }
      await cancelSurely(stage, job ?? '');
      return 1;
    },
  },
  {
    number: 42,
    title: 'A storm of webhooks, half of them replays, on both replicas at once becomes one job each',
    weight: 3,
    calm: true,
    inject: async (stage) => {
      const { nodes, random } = stage;
      const all = Array.from({ length: 20 }, () => ({
        sent: stage.push({ ms: 1, chunks: 0 }),
        delivery: randomUUID(),
      }));
      await Promise.all(
        all.flatMap(({ sent, delivery }) => [
          stage.deliver(sent, nodes[0], delivery),
          stage.deliver(sent, nodes[1], random.chance(0.5) ? delivery : randomUUID()),
        ]),
      );
      return 1;
    },
  },
  {
    number: 43,
    title: 'The same delivery on both replicas in the same moment is enqueued by one and a dup for the other',
    calm: true,
    inject: async (stage) => {
      const sent = stage.push();
      const delivery = randomUUID();
      const told = await Promise.all(stage.nodes.map((node) => stage.deliver(sent, node, delivery)));
      const answers = told.map(({ answer }) => answer).filter((answer) => answer !== undefined);
      stage.expect(
        answers.filter((answer) => answer === 'enqueued').length <= 1,
        'two replicas both say that they enqueued the same delivery',
      );
      return answers.length === 2 ? 1 : 0;
    },
  },
  {
    number: 44,
    title: 'A push that is delivered again under a new id is a dup, also after its job has ended',
    calm: true,
    inject: async (stage) => {
      const sent = stage.push();
      await stage.settle(sent);
      if (stage.random.chance(0.5)) {
        const [job] = sent.told.flatMap(({ jobs = [] }) => jobs);
        await stage.untilEvent((event) => event.type === 'finished' && event.job === job);
      }
      const again = await stage.deliver(sent, stage.pickNode());
      stage.expect(
        again.answer === undefined || again.answer === 'dup',
        `a push that was told again was answered ${again.answer}`,
      );
      return again.answer === undefined ? 0 : 1;
    },
  },
  {
    number: 45,
    title:
      'Two pushes to a branch that are told in the wrong order are both built, and its head is the newer one',
    weight: 5,
    calm: true,
    inject: async (stage) => {
      const older = stage.push();
      const newer = stage.push({}, { after: older });
      await stage.settle(newer);
      await stage.settle(older);
      const heads = await stage.queue.heads(`gitea/${newer.repository}`).catch(() => undefined);
      const head = heads?.get(newer.ref);
      stage.expect(heads === undefined || head === newer.sha, `the head is ${head}, not ${newer.sha}`);
      return heads === undefined ? 0 : 1;
    },
  },
  {
    number: 46,
    title: 'A webhook with a signature that is not right is answered 401, and starts nothing',
    calm: true,
    inject: async (stage) => {
      const { random, forge } = stage;
      const forged = {
        repository: 'ada/bells',
        ref: 'refs/heads/forged',
        before: '0'.repeat(40),
        sha: 'f'.repeat(40),
      };
      const signature = random.pick([
        '',
        '0'.repeat(64),
        'F'.repeat(64),
        '0'.repeat(63),
        '\u00ff'.repeat(64),
      ] as const);
      const { status } = await forge.deliver(stage.pickNode().front.port, forged, randomUUID(), signature);
      if (status === 0) return 0;
      // 429 once an address has tried too often, 503 while another fault keeps Redis away, which counts that.
      stage.expect([401, 429, 503].includes(status), `a forged webhook was answered ${status}`);
      return 1;
    },
  },
  {
    number: 56,
    title: 'A cancel that meets the end of its job: one of them counts, and once',
    inject: async (stage) => {
      const sent = stage.push({ ms: stage.random.below(10) }, { ends: ['success', 'cancelled'] });
      await stage.settle(sent);
      const [job = ''] = sent.told.flatMap(({ jobs = [] }) => jobs);
      const moment = stage.random.pick(['before reply', 'after reply'] as const);
      const lines = stage.places.map(({ line }) => line);
      if (stage.random.chance(0.5)) {
        await stage.trap(lines, { request: `${job}${complete}`, moment }, () => void cancel(stage, job), 500);
      } else {
        await stage.untilEvent((event) => event.type === 'claimed' && event.job === job);
        await stage.pause(stage.random.below(15));
      }
      await cancel(stage, job);
      return 1;
    },
  },
  {
    number: 57,
    title: 'A job that is cancelled before anybody took it never runs, and who waited for its place goes on',
    inject: async (stage) => {
      const group = { name: `g${stage.random.below(1e9)}`, limit: 1 };
      const [first = ''] = await stage.enqueue([{ group }], [{ ms: forAsLongAsItTakes }], ['cancelled']);
      const [second = ''] = await stage.enqueue([{ group }], [{}], ['cancelled']);
      await stage.enqueue([{ group }], [{}]);
      await cancelSurely(stage, second);
      const events = await stage.events();
      // Where others have killed its agents it may have given the place up.
      const isHeld = !events.some((event) => event.job === first && isEnd(event));
      const seen = events.filter(({ job, type }) => job === second && type === 'claimed');
      stage.expect(seen.length === 0 || !isHeld, 'a cancelled job was claimed');
      await cancelSurely(stage, first);
      return 1;
    },
  },
  {
    number: 58,
    title:
      'Of a group that allows one at a time never two run, though agents are killed, and all have their turn',
    weight: 5,
    inject: async (stage) => {
      const { places, agents, random } = stage;
      const group = { name: `g${random.below(1e9)}`, limit: 1 };
      const jobs = new Set<string>();
      for (let n = 0; n < 5; n += 1)
        for (const id of await stage.enqueue([{ group }], [{ ms: 10 }])) jobs.add(id);
      for (let kills = 0; kills < 2; kills += 1) {
        const done = (await stage.events()).filter((event) => event.type === 'claimed').length;
        await stage.untilEvent((event) => event.type === 'claimed' && jobs.has(event.job), 3000);
        await stage.pause(random.below(20) + done);
        const n = random.below(places.length);
        const agent = agents[n];
        places[n]?.slot.kill();
        if (agent !== undefined) await stage.reportLost(agent);
      }
      for (const job of jobs)
        await stage.untilEvent((event) => event.type === 'finished' && event.job === job, 8000);
      stage.wrong.push(...findBeside(await stage.events(), jobs));
      return 2;
    },
  },
  {
    number: 63,
    title: 'A job that is over its time ends as timeout, whether its agent says so or stands still',
    weight: 3,
    inject: async (stage) => {
      const { places, agents } = stage;
      const limit = { spec: { timeLimitMs: 60 } };
      const [job] = await stage.enqueue([limit as never], [{ ms: 5000 }], ['timeout']);
      if (stage.random.chance(0.5)) return 1;
      const claimed = await stage.untilEvent((event) => event.type === 'claimed' && event.job === job);
      const n = agents.findIndex(
        (agent) => claimed !== undefined && 'agent' in claimed && agent === claimed.agent,
      );
      // Beats go on, the end is never said: only the queue can see to it.
      const line = places[n]?.line;
      if (line === undefined) return 0;
      const trapped = stage.trap([line], { request: `${job}${complete}`, moment: 'before request' }, () => {
        line.lose = { requests: true, replies: true };
      });
      await trapped;
      await stage.untilEvent((event) => event.type === 'finished' && event.job === job, 4 * stage.leaseMs);
      line.heal();
      line.reset();
      return 1;
    },
  },
];
