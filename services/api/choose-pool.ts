import type { Pools } from './pools.ts';
import { Problem } from './problem.ts';

/**
 * The pool that a workflow's labels ask for: `pool` names it, `platform` is what its agents run on, and the
 * repository's own pool comes first. An empty label, or `*`, asks for nothing.
 *
 * @throws Problem 422 where there is none: such a job would wait for ever
 */
export function choosePool(labels: Readonly<Record<string, string>> = {}, own: string, pools: Pools): string {
  const asked = Object.entries(labels).filter(([, value]) => value !== '' && value !== '*');
  const all = new Map([[own, pools.get(own) ?? ''], ...pools]);
  const found = [...all].find(([name, platform]) =>
    asked.every(([label, value]) => value === { pool: name, platform }[label]),
  );
  if (found !== undefined) return found[0];
  const wanted = asked.map(([label, value]) => `${label}: ${value}`).join(', ');
  const known = [...all].map(([name, platform]) => (platform === '' ? name : `${name} (${platform})`));
  throw new Problem(
    422,
    `No pool is like the labels ask for (${wanted}). They may say \`pool\` and \`platform\`; there is ${known.join(', ')}.`,
  );
}
