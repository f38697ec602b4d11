import { reserved } from '../../fit.ts';
import { type Need, needOf } from '../diff/capacity.ts';
import type { Rule } from '../rule.ts';
import { toNumber } from '../schema/quantity.ts';
import type { PodsOf } from '../world.ts';

export const machines: Rule = {
  name: 'machines',
  says: "A cluster's machines, where platform.yaml names them, have room for all pods at their most.",
  why: 'What finds no room waits, and agents are what gives way: jobs would wait for them, and nothing says why.',
  *check(world) {
    if (world.machines === undefined) return;
    const archs = [...new Set(world.machines.map(({ arch }) => arch))];
    // What may run anywhere has all machines; what asks for an architecture has those, also where the rest has room.
    for (const arch of [undefined, ...archs]) {
      const pods = world.pods.filter((one) => arch === undefined || archOf(one) === arch);
      const rooms = world.machines.filter((one) => arch === undefined || one.arch === arch);
      for (const part of ['cpu', 'memory'] as const) {
        const give = rooms.reduce(
          (sum, one) => sum + (toNumber(one[part]) - toNumber(reserved[part])) * one.count,
          0,
        );
        const takes = pods.map((one) => one.most * needOf(one.spec)[part]);
        const all = takes.reduce((sum, one) => sum + one, 0);
        const most = pods[takes.indexOf(Math.max(...takes))];
        // A sum of fractions is not exact.
        if (all <= give * (1 + 1e-9) || most === undefined) continue;
        yield {
          item: most.item,
          at: most.specAt,
          message: `takes most of the ${say(part, all)} that all pods${arch === undefined ? '' : ` for ${arch}`} need at their most; the machines give ${say(part, give)}`,
          mend: 'lower the pools, or name more machines',
        };
        break;
      }
    }
  },
};

function archOf({ spec }: PodsOf): string | undefined {
  return (spec as { nodeSelector?: Readonly<Record<string, string>> }).nodeSelector?.['kubernetes.io/arch'];
}

function say(part: keyof Need, amount: number): string {
  return part === 'cpu'
    ? `${Math.round(amount * 100) / 100} cores`
    : `${Math.floor(amount / 2 ** 20)}Mi of memory`;
}
