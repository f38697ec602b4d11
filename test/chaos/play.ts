import { join } from 'node:path';
import { type Environment, openEnvironment } from './environment.ts';
import type { Fault } from './fault.ts';
import type { Options } from './options.ts';
import type { Programs } from './programs.ts';
import { planRound, playRound, type RoundPlan, type RoundResult } from './round.ts';

/** Rounds that an environment is used for before it forgets all jobs: looking at each takes time. */
const roundsBetween = 60;
/** How often a round that could not be judged is played again. */
const mostAgain = 3;

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

  /** The same round; where the machine was too slow for it, with twice the lease, and twice that. */
  const playAgain = async (doubled: number, { round, faults }: RoundPlan, env: Environment) => {
    const plan = planRound(seed, round, options.each ? faults : catalogue);
    if (doubled === 0) return playRound(env, plan);
    const slow = await openEnvironment({
      folder: join(options.folder, `again-${round}-${doubled}`),
      programs: options.programs,
      leaseMs: options.leaseMs * 2 ** doubled,
    });
    try {
      return await playRound(slow, plan);
    } finally {
      await slow.close();
    }
  };

  const lane = async (n: number) => {
    let env: Environment | undefined;
    let rounds = 0;
    try {
      for (let plan = takePlan(); plan !== undefined; plan = takePlan()) {
        const folder = join(options.folder, `${n}-${rounds}`);
        env ??= await openEnvironment({ folder, programs: options.programs, leaseMs: options.leaseMs });
        rounds += 1;
        let result = await playRound(env, plan);
        for (let again = 1; again <= mostAgain; again += 1) {
          const missed = options.each && result.injected[0] === 0 && result.wrong.length === 0;
          if (!result.unjudged && !missed) break;
          const next = await playAgain(result.unjudged ? again : 0, plan, env);
          result = { ...next, ms: result.ms + next.ms, again };
        }
        injected += result.injected.reduce((sum, count) => sum + count, 0);
        results.push(result);
        options.onRound(result);
        if (result.wrong.length > 0) {
          // What is broken now may break what comes.
          await env.close();
          env = undefined;
        } else if (rounds % roundsBetween === 0) {
          await env.forget();
        }
      }
    } finally {
      await env?.close();
    }
  };
  await Promise.all(Array.from({ length: options.environments }, (_, n) => lane(n)));
  return results;
}
