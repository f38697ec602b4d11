import { createRandom, type Random } from '../model/random.ts';
import type { Environment } from './environment.ts';
import type { Fault } from './fault.ts';
import { findTaken } from './ledger.ts';
import { openStage, type Stage } from './stage.ts';
import { within } from './within.ts';

export interface RoundPlan {
  seed: number;
  round: number;
  faults: readonly Fault[];
  /** Pushes that go on beside the faults. */
  load: number;
  random: Random;
}

export interface RoundResult {
  plan: RoundPlan;
  /** How many each of its faults was. */
  injected: readonly number[];
  /** From the moment that nothing was wrong any more, until all had ended. */
  recoveryMs: number;
  /** The whole round. */
  ms: number;
  accepted: number;
  finished: number;
  wrong: readonly string[];
  /** The machine itself was too slow for this lease: nothing is known of the round. */
  unjudged: boolean;
  /** How often it was played before it could be judged. */
  again?: number;
  /** What all witnesses said, where something is wrong. */
  trace?: string;
}

/** Drawn beside the first fault of a round; of what is drawn twice there is one. */
const mostCompany = 24;

/** The same plan for the same seed and number, whatever came before it. */
export function planRound(seed: number, round: number, faults: readonly Fault[]): RoundPlan {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) + Math.imul(round, 0x85ebca6b));
  random.next();
  const first = draw(random, faults);
  const sociable = faults.filter(({ alone }) => alone !== true);
  const company = first.alone === true ? 0 : random.below(mostCompany);
  const all = new Set([first, ...Array.from({ length: company }, () => draw(random, sociable))]);
  return { seed, round, faults: [...all], load: random.below(5), random };
}

function draw(random: Random, faults: readonly Fault[]): Fault {
  const all = faults.reduce((sum, { weight = 10 }) => sum + weight, 0);
  let at = random.next() * all;
  for (const fault of faults) {
    at -= fault.weight ?? 10;
    if (at < 0) return fault;
  }
  throw new Error('no fault to draw from');
}

/** Time for all to end once nothing is wrong, in leases. */
const patience = 30;

export async function playRound(env: Environment, plan: RoundPlan): Promise<RoundResult> {
  try {
    return await play(env, plan);
  } catch (error) {
    const wrong = [`the round broke: ${error instanceof Error ? error.stack : error}`];
    const nothing = { recoveryMs: 0, ms: 0, accepted: 0, finished: 0, unjudged: false };
    return { plan, injected: plan.faults.map(() => 0), ...nothing, wrong };
  }
}

async function play(env: Environment, plan: RoundPlan): Promise<RoundResult> {
  const { faults, load, random } = plan;
  const started = performance.now();
  const calm = faults.every((fault) => fault.calm === true);
  const { stage, finish, abandon } = await openStage(env, random);
  const injected: number[] = faults.map(() => 0);
  const result = { plan, injected };
  try {
    const loaded = Array.from({ length: load }, () => stage.settle(stage.push()));
    const all = faults.map(async (fault, n) => {
      injected[n] = await within(
        2 * patience * env.leaseMs,
        fault.inject(stage),
        'its injection',
        stage.waited,
      );
    });
    for (const { status, reason } of (await Promise.allSettled(all)).map(toRejection))
      if (status) stage.wrong.push(`not injected: ${reason}`);
    await within(patience * env.leaseMs, env.heal(), 'the mending', stage.waited);
    // What is not taken by then is delivered on, with a limit of its own.
    await Promise.race([Promise.all(loaded), stage.pause(env.leaseMs)]);
  } catch (error) {
    stage.wrong.push(`the environment broke: ${error instanceof Error ? error.stack : error}`);
  }
  const { ledger, drainMs, waitedMs } = await finish(patience * env.leaseMs)
    .catch((error: unknown) => {
      const wrong = [`the look at what is left broke: ${error instanceof Error ? error.stack : error}`];
      const ledger = { accepted: 0, finished: 0, wrong: [...stage.wrong, ...wrong] };
      return { ledger, drainMs: 0, waitedMs: stage.waited() };
    })
    .finally(abandon);
  const wrong = [...ledger.wrong];
  const lost = findTaken(await stage.events().catch(() => []), stage.notes());
  const late = [...stage.late];
  if (calm && lost > 0) late.push(`${lost} live agents lost their jobs`);
  // Nobody can tell a lease that ran out too early from a machine that let whoever renews it wait.
  const kept = waitedMs > env.leaseMs / 10;
  const unjudged = late.length > 0 && wrong.length === 0 && kept;
  if (!kept) wrong.push(...late);
  const { accepted, finished } = ledger;
  const ms = performance.now() - started;
  const end = { ...result, recoveryMs: drainMs, ms, accepted, finished, wrong, unjudged };
  return wrong.length === 0 ? end : { ...end, trace: await toTrace(stage) };
}

async function toTrace(stage: Stage): Promise<string> {
  const lines = [
    '# events of the queue',
    ...(await stage.events().catch(() => [])).map((event) => JSON.stringify(event)),
    '# notes of the agents',
    ...stage.notes().map((note) => JSON.stringify(note)),
    '# what the apis logged last',
    ...stage.log,
  ];
  return `${lines.join('\n')}\n`;
}

function toRejection(settled: PromiseSettledResult<void>) {
  return settled.status === 'rejected'
    ? { status: true, reason: String(settled.reason) }
    : { status: false, reason: '' };
}
