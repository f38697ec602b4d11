import { formatAge, toDisplay } from '../core/display/index.ts';
import { toAgentsView } from './agents-view.ts';
import { bindings } from './bindings.ts';
import { toJobView, toLogHeight } from './job-view.ts';
import { toJobsView } from './jobs-view.ts';
import { cut, emptyLine, type Line, span, toBar, toSides } from './line.ts';
import type { Look } from './look.ts';
import { toQueueView } from './queue-view.ts';
import { type Mode, type State, toMode, toShown } from './state.ts';
import { styles } from './style.ts';

const views = { jobs: toJobsView, queue: toQueueView, agents: toAgentsView };

/** While connected the api is heard at least every 15 s; data older than this is called old. */
const oldMs = 20_000;

export interface Frame {
  /** One for each row of the screen. */
  readonly lines: readonly Line[];
  /** Rows that tend to move together, so that the terminal can scroll them itself. */
  readonly scroll: { readonly top: number; readonly bottom: number };
}

/** The whole screen, from what is known and the time. */
export function toFrame(state: State, now: number, look: Look): Frame {
  const { columns, rows } = state.size;
  const height = Math.max(1, rows - 3);
  const body = toBody(state, height, now, look).slice(0, height);
  const blank = Array.from({ length: height - body.length }, () => emptyLine);
  const lines = [toHeader(state, now, look), ...body, ...blank, toMessage(state), toFooter(state)];
  return {
    lines: lines.slice(0, rows).map((line) => cut(line, columns, look.more)),
    scroll: { top: Math.max(1, rows - 2 - toLogHeight(state)), bottom: rows - 3 },
  };
}

function toBody(state: State, height: number, now: number, look: Look): Line[] {
  if (state.help) return toHelp(state.opened === undefined ? state.tab : 'job', height);
  if (state.opened !== undefined) return toJobView(state, now, look);
  return views[state.tab](state, height, now, look);
}

function toHeader(state: State, now: number, look: Look): Line {
  const place = state.opened === undefined ? toPlace(state) : `job ${state.opened.id}`;
  const line = toSides(
    [span(' bellows ', styles.strong), span(` ${place}`)],
    [span(`${toConnection(state, now, look)} `)],
    state.size.columns,
    look.more,
  );
  return toBar(line, state.size.columns, styles.bar);
}

function toPlace(state: State): string {
  const { tab, filter, history, queue, agents } = state;
  if (tab === 'agents') return `agents${agents === undefined ? '' : `: ${agents.length}`}`;
  if (tab === 'queue') {
    const { queued, blocked, waiting, delayed } = queue?.counts ?? {
      queued: 0,
      blocked: 0,
      waiting: 0,
      delayed: 0,
    };
    return queue === undefined
      ? 'queue'
      : `queue: ${queued} queued, ${blocked + waiting + delayed} not ready`;
  }
  const jobs = toShown(state);
  const running = jobs.filter(({ state: of }) => of === 'running').length;
  const many = `${jobs.length}${history.next === undefined ? '' : '+'} ${jobs.length === 1 ? 'job' : 'jobs'}`;
  const states = filter.states === 'all' ? '' : `, ${filter.states} only`;
  const text = filter.text === '' ? '' : `, like "${toDisplay(filter.text)}"`;
  return `${many}, ${running} running${states}${text}${history.loading ? ', asking' : ''}`;
}

function toConnection({ connection, heardAt }: State, now: number, look: Look): string {
  const age = heardAt === undefined ? undefined : now - heardAt;
  const old = age === undefined || age < oldMs ? '' : ` ${look.dot} data ${formatAge(age)} old`;
  if (connection.state === 'connecting') return `${look.lost} connecting`;
  if (connection.state === 'live') return `${look.live} live${old}`;
  const data = age === undefined ? '' : ` ${look.dot} data ${formatAge(age)} old`;
  const wait = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
  return `${look.lost} ${wait === 0 ? 'connecting again' : `connecting again in ${wait}s`}${data}`;
}

/** A question, what came of a command, or why nothing can be heard. */
function toMessage({ confirm, notice, connection, typing }: State): Line {
  if (confirm === undefined && typing !== undefined) return [span(` /${toDisplay(typing)}_`, styles.strong)];
  if (confirm !== undefined) return [span(` ${toDisplay(confirm.question)}`, styles.strong)];
  if (notice !== undefined)
    return [span(` ${toDisplay(notice.text)}`, notice.bad ? styles.bad : styles.good)];
  return connection.state === 'lost' ? [span(` ${toDisplay(connection.reason)}`, styles.bad)] : emptyLine;
}

function toFooter(state: State): Line {
  const mode = toMode(state);
  return bindings
    .filter(({ modes, word }) => word !== undefined && modes.includes(mode))
    .flatMap(({ label, word }) => [span(` ${label} `, styles.strong), span(`${word} `)]);
}

function toHelp(mode: Mode, height: number): Line[] {
  const rows = bindings
    .filter(({ modes }) => modes.includes(mode))
    .map(({ label, help }): Line => [span(`  ${label.padEnd(12)}`, styles.strong), span(help)]);
  return rows.length < height ? [emptyLine, ...rows] : rows;
}
