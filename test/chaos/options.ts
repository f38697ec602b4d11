import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export interface Options {
  faults: number;
  seed: number;
  only?: number | undefined;
  round?: number | undefined;
  leaseMs: number;
  environments: number;
  json: boolean;
  /** Each kind at least once, in as few rounds as that takes. */
  each: boolean;
  help: boolean;
}

export const usage = `Usage: npm run test:chaos -- [options]

Breaks a real Bellows in every way that its catalogue of faults knows, and looks after each whether all that was
accepted has ended exactly once.

  --faults <n>        inject so many (default 300)
  --seed <n>          of all chance (default: another each time, printed)
  --each              each fault of the catalogue once, and no more
  --only <number>     only this fault of the catalogue
  --round <n>         only this round of the seed: what a failure prints, to try it alone
  --lease <ms>        how long a claim lasts without a heartbeat; all times go with it (default 500)
  --environments <n>  so many at the same time (default: one for each processor)
  --json              one JSON line a round, and one at the end
`;

/** @throws TypeError naming the option that is wrong */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      faults: { type: 'string', default: '300' },
      seed: { type: 'string' },
      only: { type: 'string' },
      round: { type: 'string' },
      lease: { type: 'string', default: '500' },
      environments: { type: 'string' },
      json: { type: 'boolean', default: false },
      each: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const whole = (name: string, text: string, least: number) => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < least)
      throw new TypeError(`--${name} is "${text}"; expected a whole number from ${least} on`);
    return number;
  };
  return {
    faults: whole('faults', values.faults, 1),
    seed: whole('seed', values.seed ?? String(Math.floor(Math.random() * 1e6)), 0),
    only: values.only === undefined ? undefined : whole('only', values.only, 1),
    round: values.round === undefined ? undefined : whole('round', values.round, 0),
    leaseMs: whole('lease', values.lease, 100),
    environments: whole('environments', values.environments ?? String(availableParallelism()), 1),
    json: values.json,
    each: values.each,
    help: values.help,
  };
}
