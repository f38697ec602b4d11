import { formatAge, toDisplay } from '../core/display/index.ts';
import type { Agent, Pool } from '../core/job/index.ts';
import { toCell } from './jobs-view.ts';
import { type Line, span } from './line.ts';
import type { Look } from './look.ts';
import { toList } from './rows.ts';
import type { State } from './state.ts';
import { styles } from './style.ts';

/** An agent that is silent for longer than a third of the usual lease is worth a look. */
const silentMs = 15_000;
const mostPools = 4;

/** The pools in a few lines, then who runs what. */
export function toAgentsView(state: State, height: number, now: number, look: Look): Line[] {
  const { columns } = state.size;
  const free = Math.max(0, columns - 2 - 6 - 6);
  const agent = Math.min(30, Math.floor(free * 0.3));
  const pool = Math.min(14, Math.floor(free * 0.2));
  const rest = free - agent - pool;
  const toRow = ({ agent: name, pool: of, repository, job, since, heardAt }: Agent): Line => [
    span(toCell(toDisplay(name), agent, look.more)),
    span(toCell(toDisplay(of), pool, look.more)),
    span(toCell(toDisplay(`${job.slice(0, 8)} ${repository}`), rest, look.more)),
    span(formatAge(now - since).padStart(5), styles.dim),
    span(formatAge(now - heardAt).padStart(6), now - heardAt > silentMs ? styles.bad : styles.dim),
  ];
  const pools = state.pools.slice(0, mostPools).map((each) => toPoolLine(each, now, look));
  const heading = `  ${toCell('AGENT', agent)}${toCell('POOL', pool)}${toCell('JOB', rest)}${'SINCE'.padStart(5)}${'HEARD'.padStart(6)}`;
  return [
    ...pools,
    ...toList(state, height - pools.length, look, {
      heading,
      rows: state.agents?.map(toRow),
      none: 'No agent runs: nothing is to do.',
    }),
  ];
}

function toPoolLine({ pool, queued, running, oldest }: Pool, now: number, look: Look): Line {
  const wait = oldest === undefined ? '' : ` ${look.dot} oldest ${formatAge(now - oldest)}`;
  return [
    span(`  ${toDisplay(pool)}`, styles.strong),
    span(`  ${running} running ${look.dot} ${queued} queued${wait}`),
  ];
}
