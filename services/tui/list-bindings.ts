import type { Binding, Reaction } from './binding.ts';
import { type Filter, type State, type Tab, tabs } from './state.ts';

const states: readonly Filter['states'][] = ['all', 'unfinished', 'failed'];
/** Longer is no name of anything; the api takes as much. */
const mostTyped = 100;

/** What is listed: the search and the filter. */
export const listBindings: readonly Binding[] = [
  {
    keys: ['/'],
    label: '/',
    word: 'search',
    help: 'search: part of a repository, branch, author or subject, or the beginning of an id',
    modes: ['jobs'],
    run: (state) => ({ state: { ...state, typing: state.filter.text } }),
  },
  {
    keys: ['t'],
    label: 't',
    help: 'list all jobs, unfinished ones, or failed ones',
    modes: ['jobs'],
    run: (state) => {
      const next = states[(states.indexOf(state.filter.states) + 1) % states.length] ?? 'all';
      return refilter(state, { ...state.filter, states: next });
    },
  },
  {
    keys: ['escape', 'backspace'],
    label: 'Esc',
    help: 'list all jobs again',
    modes: ['jobs'],
    run: (state) => refilter(state, { text: '', states: 'all' }),
  },
  {
    keys: ['enter'],
    label: 'Enter',
    word: 'search',
    help: 'search for what is typed',
    modes: ['search'],
    run: (state) =>
      refilter({ ...state, typing: undefined }, { ...state.filter, text: (state.typing ?? '').trim() }),
  },
  {
    keys: ['escape'],
    label: 'Esc',
    word: 'leave it',
    help: 'leave the list as it is',
    modes: ['search'],
    run: (state) => ({ state: { ...state, typing: undefined } }),
  },
  {
    keys: ['backspace'],
    label: 'Backspace',
    help: 'take a letter back',
    modes: ['search'],
    run: (state) => ({ state: { ...state, typing: (state.typing ?? '').slice(0, -1) } }),
  },
];

/** From one list to the next. */
export const tabBindings: readonly Binding[] = [
  {
    keys: ['tab'],
    label: 'Tab',
    word: 'next',
    help: 'the next list: jobs, the queue, agents and pools',
    modes: ['jobs', 'queue', 'agents'],
    run: (state) => toTab(state, tabs[(tabs.indexOf(state.tab) + 1) % tabs.length] ?? 'jobs'),
  },
];

/** A key that is itself, while somebody types. */
export function typeKey(state: State, key: string): State {
  const letter = key === 'space' ? ' ' : key;
  if (state.typing === undefined || !/^[ -~]$/.test(letter) || state.typing.length >= mostTyped) return state;
  return { ...state, typing: state.typing + letter };
}

function refilter(state: State, filter: Filter): Reaction {
  if (filter.text === state.filter.text && filter.states === state.filter.states) return { state };
  const history = { next: undefined, loading: true };
  return { state: { ...state, filter, history, selectedId: undefined }, command: { type: 'search' } };
}

function toTab(state: State, tab: Tab): Reaction {
  if (tab === state.tab) return { state };
  const there = { ...state, tab, selectedId: undefined };
  return tab === 'jobs' ? { state: there } : { state: there, command: { type: 'survey' } };
}
