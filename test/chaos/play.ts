import { join } from 'node:path';
import { type Environment, openEnvironment } from './environment.ts';
import type { Fault } from './fault.ts';
import type { Options } from './options.ts';
import type { Programs } from './programs.ts';
import { planRound, playRound, type RoundPlan, type RoundResult } from './round.ts';

/** Rounds that an environment is used for before it forgets all jobs: looking at each takes time. */
const roundsBetween = 20;
/** How often a round that could not be judged is played again. */
const mostAgain = 4;

export interface PlayOptions
  extends Pick<Options, 'seed' | 'faults' | 'round' | 'leaseMs' | 'environments' | 'each'> {
  catalogue: readonly Fault[];
  programs: Programs;
  folder: string;
  onRound(result: RoundResult): void;
  signal: AbortSignal;
}

/** Plays rounds until so many faults were injected; several environments share them. */
export async function play(options: PlayOptions): Promise<RoundResult[]> {
  const { catalogue, signal, seed } = options;
  const results: RoundResult[] = [];
  let next = options.round ?? 0;
  let injected = 0;
  const left = [...catalogue];

  const takePlan = (): RoundPlan | undefined => {
    const round = next;
    if (signal.aborted) return undefined;
    if (options.round !== undefined && round > options.round) return undefined;
    next += 1;
    if (!options.each) return injected < options.faults ? planRound(seed, round, catalogue) : undefined;
    const fault = left.shift();
    return fault === undefined ? undefined : planRound(seed, round, [fault]);
  };

  const opened = new Set<Environment>();
  const open = async (name: string, leaseMs: number): Promise<Environment> => {
    const folder = join(options.folder, name);
    const env = await openEnvironment({ folder, programs: options.programs, leaseMs });
    opened.add(env);
    return env;
  };
  const close = async (env: Environment) => {
    if (opened.delete(env)) await env.close();
  };

  /** The same round; where the machine was too slow for it, with twice the lease, and twice that. */
  const playAgain = async (doubled: number, { round, faults }: RoundPlan, env: Environment) => {
    const plan = planRound(seed, round, options.each ? faults : catalogue);
    if (doubled === 0) return playRound(env, plan);
    const slow = await open(`again-${round}-${doubled}`, options.leaseMs * 2 ** doubled);
    try {
      return await playRound(slow, plan);
    } finally {
      await close(slow);
    }
  };

  const judge = async (plan: RoundPlan, env: Environment): Promise<RoundResult> => {
    let result = await playRound(env, plan);
    for (let again = 1; again <= mostAgain; again += 1) {
      const missed = options.each && result.injected[0] === 0 && result.wrong.length === 0;
      if (!result.unjudged && !missed) break;
      const next = await playAgain(result.unjudged ? again : 0, plan, env);
      result = { ...next, ms: result.ms + next.ms, again };
    }
    return result;
  };

  /** Its processes may have been sent the signal as well: a round that it meets says nothing. */
  const stopped = new Promise<undefined>((resolve) =>
    signal.addEventListener('abort', () => resolve(undefined)),
  );

  const lane = async (n: number) => {
    let env: Environment | undefined;
    let rounds = 0;
    for (let plan = takePlan(); plan !== undefined; plan = takePlan()) {
      env ??= await open(`${n}-${rounds}`, options.leaseMs);
      rounds += 1;
      const result = await Promise.race([judge(plan, env), stopped]);
      if (result === undefined) return;
      injected += result.injected.reduce((sum, count) => sum + count, 0);
      results.push(result);
      options.onRound(result);
      if (result.wrong.length > 0) {
        // What is broken now may break what comes.
        await close(env);
        env = undefined;
      } else if (rounds % roundsBetween === 0) {
        await env.forget();
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: options.environments }, (_, n) => lane(n)));
  } finally {
    await Promise.all([...opened].map(close));
  }
  return results;
}
