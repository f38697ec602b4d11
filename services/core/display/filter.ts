import { toVisible, unseen } from './character.ts';
import { toAllowedSgr } from './sgr.ts';

export interface DisplayFilterOptions {
  /** Let harmless colours and weights through as normal SGR; else drop them. @default true */
  sgr?: boolean;
}

export interface DisplayFilter {
  /** What can be shown so far. An unfinished sequence is held back, at most 4,096 characters of it. */
  write(text: string): string;
  /** What was held back, made visible, and a reset if a style is open. The filter begins anew. */
  end(): string;
}

/*
 * A parser after ECMA-48 and xterm's state machine. `held` is the sequence so far; when it turns out not
 * to be one (an unexpected character, a line's end, too long, the end of the text) it is shown, character
 * by character, so that an unfinished sequence can never swallow the text behind it.
 *
 *   text ─ESC▶ escape ─[▶ csi ─final▶ text        (CSI: SGR is reduced, all others are removed)
 *     │           ├─]PX^_▶ string ─BEL, ST▶ text  (OSC, DCS, SOS, PM, APC: removed)
 *     │           └─final▶ text                   (two and three character sequences: removed)
 *     └─CR▶ return ─LF▶ text                      (a CR that overwrites is shown)
 */
type State = 'text' | 'return' | 'escape' | 'csi' | 'string' | 'string escape';

const esc = '\u{1b}';
const stringEnd = '\u{9c}';
const bell = '\u{7}';
/** CAN and SUB cancel a sequence; and no string reaches over the end of its line. */
const stringBreaks = new Set(['\n', '\r', '\u{18}', '\u{1a}']);
/** The C1 forms of `ESC [`, `ESC ]` and so on. */
const introducers = new Map([
  ['\u{9b}', '['],
  ['\u{9d}', ']'],
  ['\u{90}', 'P'],
  ['\u{98}', 'X'],
  ['\u{9e}', '^'],
  ['\u{9f}', '_'],
]);
const longestControl = 128;
const longestString = 4096;
/** All that ends a run of text which can be copied as it is. */
const special = new RegExp(`(?![\\n\\t])${unseen.source}`, 'gu');

/** Log text made safe to show, however it is cut into parts; only line breaks, tabs and SGR remain. */
export function createDisplayFilter({ sgr = true }: DisplayFilterOptions = {}): DisplayFilter {
  let state: State = 'text';
  let kind = '';
  let held = '';
  let surrogate = '';
  let styled = false;

  const enter = (next: State, begin = '') => {
    state = next;
    held = begin;
    return '';
  };
  const hold = (character: string, longest: number) => {
    held += character;
    return held.length > longest ? show() : '';
  };
  const show = () => {
    const shown = toPictures(held);
    enter('text');
    return shown;
  };
  const introduce = (introducer: string, begin: string) => {
    kind = introducer;
    return enter(introducer === '[' ? 'csi' : 'string', begin);
  };
  const select = (parameters: string) => {
    const allowed = sgr ? toAllowedSgr(parameters) : [];
    if (allowed.length === 0) return '';
    styled = allowed.at(-1) !== '0';
    return `${esc}[${allowed.join(';')}m`;
  };

  const states: Record<State, (character: string) => string> = {
    text: (character) => {
      if (character === '\r') return enter('return');
      if (character === esc) return enter('escape', character);
      const introducer = introducers.get(character);
      return introducer === undefined ? toShown(character) : introduce(introducer, character);
    },
    return: (character) => {
      if (character === '\r') return '';
      enter('text');
      return character === '\n' ? character : toVisible('\r') + states.text(character);
    },
    escape: (character) => {
      if (held === esc && /[[\]PX^_]/.test(character)) return introduce(character, held + character);
      if (/[\x20-\x2f]/.test(character)) return hold(character, longestControl);
      return /[\x30-\x7e]/.test(character) ? enter('text') : show() + states.text(character);
    },
    csi: (character) => {
      if (/[\x20-\x3f]/.test(character)) return hold(character, longestControl);
      if (!/[\x40-\x7e]/.test(character)) return show() + states.text(character);
      const parameters = held.slice(held.startsWith(esc) ? 2 : 1);
      enter('text');
      return character === 'm' && /^[\d:;]*$/.test(parameters) ? select(parameters) : '';
    },
    string: (character) => {
      if (character === stringEnd || (character === bell && kind === ']')) return enter('text');
      if (character === esc) return enter('string escape', held);
      return stringBreaks.has(character) ? show() + states.text(character) : hold(character, longestString);
    },
    'string escape': (character) => {
      if (character === '\\') return enter('text');
      // The string stays unfinished, and another sequence begins.
      const shown = show();
      enter('escape', esc);
      return shown + states.escape(character);
    },
  };

  return {
    write: (part) => {
      let text = surrogate + part;
      surrogate = /[\ud800-\udbff]$/.exec(text)?.[0] ?? '';
      text = text.slice(0, text.length - surrogate.length);
      const shown: string[] = [];
      for (let at = 0; at < text.length; ) {
        if (state === 'text') {
          special.lastIndex = at;
          const next = special.exec(text)?.index ?? text.length;
          shown.push(text.slice(at, next));
          at = next;
        }
        if (at === text.length) break;
        const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
        shown.push(states[state](character));
        at += character.length;
      }
      return shown.join('');
    },
    end: () => {
      const last = surrogate === '' ? '' : states[state](surrogate);
      const open = state === 'return' ? '\r' : state === 'string escape' ? held + esc : held;
      const reset = styled ? `${esc}[0m` : '';
      enter('text');
      surrogate = '';
      styled = false;
      return last + toPictures(open) + reset;
    },
  };
}

function toPictures(text: string): string {
  return [...text].map(toShown).join('');
}

function toShown(character: string): string {
  return unseen.test(character) && !/[\n\t]/.test(character) ? toVisible(character) : character;
}
