import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { NewJob } from '../../services/core/queue/index.ts';
import { toKey } from '../../services/core/queue/keys.ts';
import type { Random } from '../model/random.ts';
import { type Note, noteSchema, parseWork, toBranch, toLog, type Work } from './agent/work.ts';
import { countQueued, type Environment, type Node, type Place } from './environment.ts';
import { type Push, repositories, type Told, zeros } from './forge.ts';
import { type Asked, type Decided, findLogFault, isEnd, type Kept, type Ledger, toLedger } from './ledger.ts';
import type { Link, SetTrap, Trap } from './link.ts';
import { watchMachine } from './machine.ts';
import { within } from './within.ts';

/** One push and all that its forge was told; mutable while the round goes on. */
export interface Sent extends Push {
  branch: string;
  ends: readonly string[];
  told: Told[];
  /** True where the forge does not come again: only a comparison of heads can find it. */
  once: boolean;
}

/** What a fault has at hand: an environment at work, a seeded chance, and words for what should be true. */
export interface Stage extends Environment {
  random: Random;
  /** Broken promises so far, by whoever saw them. */
  wrong: string[];
  expect(ok: boolean, text: string): void;
  /** What was not in time; broken promises where the machine kept nobody waiting. */
  late: string[];
  expectInTime(ok: boolean, text: string): void;
  /** A push that its forge has, not yet told. */
  push(work?: Partial<Work>, given?: { once?: boolean; ends?: readonly string[]; after?: Sent }): Sent;
  /** One delivery to one replica; what it said is noted. */
  deliver(sent: Sent, node: Node, delivery?: string): Promise<Told>;
  /** Delivers, to this one and that one, until somebody says 2xx; as a patient forge would. */
  settle(sent: Sent, first?: Node): Promise<void>;
  /** Jobs given to the queue itself, for what no webhook can say; repeats until it is answered. */
  enqueue(
    jobs: readonly Partial<NewJob>[],
    works: readonly Partial<Work>[],
    ends?: readonly string[],
  ): Promise<string[]>;
  /** Sets traps until one springs or `ms` have passed; true where one did. */
  trap(
    links: readonly Link[],
    trap: Omit<Trap, 'act'>,
    act: (place: number) => void,
    ms?: number,
  ): Promise<boolean>;
  /** The events since the round began. */
  events(): Promise<Decided[]>;
  /** Waits for a fact that the events show. */
  untilEvent(is: (event: Decided) => boolean, ms?: number): Promise<Decided | undefined>;
  /** Says that the agent of this place died, as its parent does. */
  reportLost(agent: string): Promise<void>;
  /** The agent that lives at each place. */
  agents: (string | undefined)[];
  /** How each agent's life ended; undefined where it was killed. */
  exits: Map<string, number | undefined>;
  /** Waits for the end of an agent's life. */
  untilExit(agent: string): Promise<void>;
  /** How long the machine has let this round's processes wait, milliseconds. */
  waited(): number;
  pause(ms: number): Promise<void>;
  pickNode(): Node;
  other(node: Node): Node;
  pickPlace(): number;
  notes(): Note[];
  /** Redis is so full in this round that logs are cut short, and history may go early. */
  cutsLogs: boolean;
}

export interface OpenedStage {
  stage: Stage;
  /** Nothing goes on, whatever became of the round; safe twice. */
  abandon(): void;
  /** Waits until all that was asked has ended; then looks whether the promises were kept. */
  finish(withinMs: number): Promise<{ ledger: Ledger; drainMs: number; waitedMs: number }>;
}

/** For so many leases an agent tries to tell what it still has to tell of a build. */
const agentPatience = 40;

let serial = 0;

export async function openStage(env: Environment, random: Random): Promise<OpenedStage> {
  const { admin, forge, nodes, places, queue } = env;
  const sent: Sent[] = [];
  const direct: { name: string; id: string; ends: readonly string[] }[] = [];
  const wrong: string[] = [];
  const from = (await admin.xrevrange(toKey('events'), '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
  const decided: Decided[] = [];
  const seen = new Set<string>();
  let cursor = from;
  const journalFrom = places.map(({ journal }) => readText(journal).length);
  const { starts } = env.redis;
  let over = false;
  const machine = watchMachine(admin, () => [
    process.pid,
    env.redis.pid,
    ...nodes.map(({ replica }) => replica.pid),
    ...places.map(({ slot }) => slot.pid),
  ]);

  const events = async () => {
    const entries = await admin.xrange(toKey('events'), `(${cursor}`, '+');
    for (const [id, [, text = '']] of entries) {
      // Two who ask at the same time are told the same.
      if (seen.has(id)) continue;
      seen.add(id);
      cursor = id;
      const [type = '', job = '', at = '', ...rest] = text.split(' ');
      const json = rest.join(' ');
      decided.push({ type, job, at: Number(at), ...(json === '' ? {} : JSON.parse(json)) });
    }
    return decided;
  };
  const agents: (string | undefined)[] = places.map(() => undefined);
  const exits = new Map<string, number | undefined>();
  const pickNode = () => random.pick(nodes);
  const other = (node: Node) => (node === nodes[0] ? nodes[1] : nodes[0]);

  /** One look for all places: each is a command to Redis. */
  let looking: Promise<number> | undefined;
  const look = () => {
    looking ??= delay(5)
      .then(() => countQueued(env))
      .catch(() => 0)
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };

  /** The spawner: an agent where a job waits. */
  const spawn = async (place: Place, n: number) => {
    while (!over) {
      if ((await look()) === 0) continue;
      const node = nodes[serial % 2] ?? nodes[0];
      const reply = await forge.ask(node.front.port, 'POST', '/api/v1/claim-tokens', { pool: 'default' });
      if (reply.status !== 200) {
        serial += 1;
        await delay(10);
        continue;
      }
      serial += 1;
      const agent = `agent-${n}-${serial}`;
      const { token } = JSON.parse(reply.text) as { token: string };
      agents[n] = agent;
      exits.set(agent, await place.slot.live({ agent, token }));
      agents[n] = undefined;
    }
  };
  const spawning = Promise.all(places.map(spawn));

  const stage: Stage = {
    ...env,
    random,
    wrong,
    cutsLogs: false,
    agents,
    exits,
    expect: (ok, text) => {
      if (!ok) wrong.push(text);
    },
    late: [],
    expectInTime: (ok, text) => {
      if (!ok) stage.late.push(text);
    },
    push: (work = {}, { once = false, ends = ['success'], after } = {}) => {
      serial += 1;
      const whole: Work = {
        ms: random.below(15),
        chunks: random.below(3),
        bytes: 200,
        end: 'success',
        ...work,
      };
      const branch = after?.branch ?? toBranch(whole, String(serial));
      const repository = after?.repository ?? random.pick(repositories);
      const sha = serial.toString(16).padStart(8, '0').repeat(5);
      const one: Sent = {
        repository,
        ref: `refs/heads/${branch}`,
        before: after?.sha ?? zeros,
        sha,
        branch,
        ends,
        told: [],
        once,
      };
      sent.push(one);
      forge.move(one);
      return one;
    },
    deliver: async (one, node, delivery = randomUUID()) => {
      const told = await forge.deliver(node.front.port, one, delivery);
      one.told.push(told);
      return told;
    },
    settle: async (one, first = pickNode()) => {
      let node = first;
      let delivery = randomUUID();
      for (let tries = 0; !over; tries += 1) {
        const { status } = await stage.deliver(one, node, delivery);
        if (status === 200 || status === 202) return;
        if (status >= 400 && status < 500 && status !== 429) {
          wrong.push(`refused: ${one.branch} was answered ${status}`);
          return;
        }
        node = other(node);
        // Gitea's redelivery is a new one; GitHub's is not.
        if (tries % 2 === 1) delivery = randomUUID();
        await delay(5 + random.below(20));
      }
    },
    enqueue: async (jobs, works, ends = ['success']) => {
      serial += 1;
      const key = `asked ${serial}`;
      const whole = jobs.map((job, n): NewJob => {
        const work: Work = { ms: random.below(15), chunks: 1, bytes: 100, end: 'success', ...works[n] };
        const branch = toBranch(work, `${serial}.${n}`);
        const spec = {
          repository: `gitea/${repositories[0]}`,
          event: 'manual' as const,
          ref: `refs/heads/${branch}`,
          branch,
          sha: serial.toString(16).padStart(8, '0').repeat(5),
          subject: '',
          author: '',
          defaultBranch: 'main',
          timeLimitMs: 600_000,
        };
        return { pool: 'default', ...job, spec: { ...spec, workflow: `w${n}`, ...job.spec } };
      });
      const cause = { kind: 'asked' as const, repository: `gitea/${repositories[0]}`, key };
      for (;;) {
        try {
          const result = await queue.enqueue({ cause, jobs: whole });
          if (result.answer === 'full') throw new Error('full');
          for (const [n, id] of result.jobs.entries())
            direct.push({ name: whole[n]?.spec.branch ?? '', id, ends });
          return result.jobs;
        } catch (error) {
          if (over) throw error;
          await delay(10);
        }
      }
    },
    trap: async (links, trap, act, ms = 1500) => {
      let sprung = false;
      const set: SetTrap[] = links.map((link, n) =>
        link.set({
          ...trap,
          act: () => {
            if (sprung) return;
            sprung = true;
            act(n);
            for (const each of set) each.remove();
          },
        }),
      );
      const over = Promise.all(set.map((each) => each.untilOver));
      await within(ms, over, 'the wait for it', machine.soFar).catch(() => {
        for (const each of set) each.remove();
      });
      return sprung;
    },
    events,
    untilEvent: async (is, ms = 20 * env.leaseMs) => {
      const end = performance.now() + ms;
      for (;;) {
        const found = (await events().catch(() => decided)).find(is);
        if (found !== undefined || performance.now() > end + machine.soFar()) return found;
        await delay(8);
      }
    },
    reportLost: async (agent) => {
      for (let tries = 0; tries < 20; tries += 1) {
        const path = `/api/v1/agents/${agent}/lost`;
        const { status } = await forge.ask(pickNode().front.port, 'POST', path, {
          reason: 'killed by SIGKILL',
        });
        if (status === 204 || status === 404) return;
        await delay(20);
      }
    },
    untilExit: async (agent) => {
      const end = performance.now() + 20 * env.leaseMs;
      for (; performance.now() < end + machine.soFar(); await delay(5)) if (exits.has(agent)) return;
    },
    waited: machine.soFar,
    pause: (ms) => delay(ms),
    pickNode,
    other,
    pickPlace: () => random.below(places.length),
    notes: () =>
      places.flatMap(({ journal }, n) =>
        readText(journal)
          .slice(journalFrom[n])
          .split('\n')
          .flatMap((line) => {
            // The last one may still be written.
            if (!line.endsWith('}')) return [];
            return [noteSchema.parse(JSON.parse(line))];
          }),
      ),
  };

  /** Once nothing is wrong any more: what nobody has taken yet is delivered, and all of it ends. */
  const drain = async (withinMs: number) => {
    // From when something was decided last: a slow machine goes on, a queue that has lost a job does not.
    let end = performance.now() + withinMs - machine.soFar();
    let told = decided.length;
    const isLate = () => performance.now() > end + machine.soFar();
    const open = sent.filter((one) => !one.once && !one.told.some(isTaken));
    const settling = Promise.all(open.map((one) => stage.settle(one)));
    for (;;) {
      await events().catch(() => decided);
      const begun = new Set(decided.filter(({ type }) => type === 'created').map(({ job }) => job));
      const ended = new Set(decided.filter(isEnd).map(({ job }) => job));
      const isOver = sent.filter((one) => one.once || one.told.some(isTaken)).length === sent.length;
      const expected = sent.length + direct.length;
      if (isOver && begun.size >= expected && [...begun].every((job) => ended.has(job))) break;
      if (decided.length > told) end = performance.now() + withinMs - machine.soFar();
      told = decided.length;
      if (isLate()) break;
      await delay(8);
    }
    over = true;
    await settling;
    // A place whose agent hangs would hold the round up for ever; an honest one is done in a moment.
    await within(withinMs, spawning, 'its agents', machine.soFar).catch(() => undefined);
    if (agents.some((agent) => agent !== undefined)) {
      for (const [n, agent] of agents.entries())
        if (agent !== undefined) {
          wrong.push(`stuck: ${agent} does not end`);
          places[n]?.slot.kill();
        }
      await spawning;
    }
    await events();
  };

  /** Asked until somebody answers. */
  const ask = async (n: number, path: string) => {
    for (let tries = 1; ; tries += 1) {
      const answer = await forge.ask((nodes[(n + tries) % 2] ?? nodes[0]).front.port, 'GET', path);
      if ((answer.status > 0 && answer.status < 500) || tries === 20) return answer;
      await delay(50);
    }
  };

  const lookAtAll = async (): Promise<Kept[]> => {
    const ids = new Set(decided.filter(({ type }) => type === 'created').map(({ job }) => job));
    const kept: Kept[] = [];
    for (const [n, id] of [...ids].entries()) {
      const { status, text } = await ask(n, `/api/v1/jobs/${id}`);
      const end = decided.find((event) => event.job === id && isEnd(event));
      if (status === 404 && stage.cutsLogs && end !== undefined) {
        const one = sent.find(({ told }) => told.some(({ jobs = [] }) => jobs.includes(id)));
        kept.push({ id, name: `${one?.branch} ${one?.sha}`, state: end.state ?? end.type, fence: 0 });
        continue;
      }
      if (status !== 200) {
        wrong.push(`lost: job ${id} is answered ${status}`);
        continue;
      }
      const { job } = JSON.parse(text) as {
        job: { state: string; fence: number; spec: { branch: string; sha: string } };
      };
      kept.push({ id, name: `${job.spec.branch} ${job.spec.sha}`, state: job.state, fence: job.fence });
      if (job.state !== 'success' && job.state !== 'failure') continue;
      const log = await ask(n, `/api/v1/jobs/${id}/log`);
      // History went on between the two questions.
      if (log.status === 404 && stage.cutsLogs) continue;
      const claimed = decided.findLast((event) => event.job === id && event.type === 'claimed');
      const should = toLog(parseWork(job.spec.branch), claimed?.fence ?? 0).join('');
      const mayGiveUp = (end?.at ?? 0) - (claimed?.at ?? 0) > agentPatience * env.leaseMs;
      const fault = log.status === 200 ? findLogFault(log.text, should, stage.cutsLogs || mayGiveUp) : '';
      if (fault !== undefined)
        wrong.push(`log: that of ${job.spec.branch} is answered ${log.status}: ${fault}`);
    }
    return kept;
  };

  return {
    stage,
    abandon: () => {
      over = true;
      void machine.stop();
    },
    finish: async (withinMs) => {
      const started = performance.now();
      await drain(withinMs);
      const drainMs = performance.now() - started;
      const kept = await lookAtAll();
      const waitedMs = await machine.stop();
      const audit = await queue.audit().catch((error: unknown) => [`cannot be made: ${error}`]);
      for (const line of audit) wrong.push(`audit: ${line}`);
      if (env.redis.starts > starts) {
        // It is right in its memory; what it would be after the next start is another matter.
        await admin.call('DEBUG', 'LOADAOF');
        for (const line of await queue.audit()) wrong.push(`audit, of what is in the file: ${line}`);
      }
      const asked: Asked[] = [
        ...sent.map(({ branch, sha, ends, told }) => ({
          name: `${branch} ${sha}`,
          ends,
          accepted: true,
          jobs: told.flatMap(({ jobs = [] }) => jobs),
        })),
        ...direct.map(({ name, id, ends }) => {
          const sha = kept.find((job) => job.id === id)?.name.split(' ')[1] ?? '';
          return { name: `${name} ${sha}`, ends, accepted: true, jobs: [id] };
        }),
      ];
      const notes = stage.notes();
      const ledger = toLedger(asked, decided, kept, notes);
      return { ledger: { ...ledger, wrong: [...wrong, ...ledger.wrong] }, drainMs, waitedMs };
    },
  };
}

function isTaken({ status }: Told): boolean {
  return status === 200 || status === 202;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
