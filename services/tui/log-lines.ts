import { createDisplayFilter, displayWidth, toDisplay } from '../core/display/index.ts';
import type { LogText } from '../core/job/index.ts';
import { type Line, type Span, span } from './line.ts';
import type { Look } from './look.ts';
import { applySgr, type Style, styles } from './style.ts';

/** The last lines of one job's log. It changes in place: a log is too long to be copied with each chunk. */
export interface LogLines {
  /** @param id `<fence>-<n>`: another fence is another attempt. */
  add(id: string, chunk: LogText): void;
  /** Nothing more will come. */
  end(): void;
  /** Lines that were let go, so that a line keeps its number. */
  readonly dropped: number;
  /** The kept lines; the last one may still grow. */
  readonly lines: readonly Line[];
  readonly ended: boolean;
}

const tabStop = 8;

/**
 * @param most lines kept; memory is bounded by it and by `widest`, columns after which a line is cut.
 */
export function createLogLines(look: Look, { most = 5000, widest = 2000 } = {}): LogLines {
  const filter = createDisplayFilter();
  const title = (text: string, style: Style) =>
    lines.push([span(`${look.rule.repeat(2)} `, styles.dim), span(toDisplay(text), style)]);
  let lines: Line[] = [];
  let dropped = 0;
  let ended = false;
  let open: Span[] | undefined;
  let width = 0;
  let style: Style = styles.plain;
  let fence: string | undefined;
  let step: string | undefined;

  const close = () => {
    open = undefined;
    width = 0;
    if (lines.length <= most + most / 10) return;
    dropped += lines.length - most;
    lines = lines.slice(-most);
  };
  const put = (text: string) => {
    if (open === undefined) {
      open = [];
      lines.push(open);
    }
    if (width > widest) return;
    const columns = displayWidth(text);
    width += columns;
    open.push(width > widest ? span(look.more, styles.dim) : span(text, style));
  };
  const show = (text: string) => {
    for (const [piece] of text.matchAll(/\n|\t|\p{Cc}\[[\d;]*m|\P{Cc}{1,1000}/gu)) {
      if (piece === '\n') {
        if (open === undefined) put('');
        close();
      } else if (piece === '\t') put(' '.repeat(tabStop - (width % tabStop)));
      else if (piece.startsWith('\x1b')) style = applySgr(style, piece.slice(2, -1));
      else put(piece);
    }
  };
  /** What a chunk left open does not reach into another step. */
  const settle = () => {
    show(filter.end());
    if (open !== undefined) close();
  };

  return {
    add: (id, chunk) => {
      const from = id.slice(0, id.indexOf('-'));
      if (fence !== undefined && fence !== from) {
        settle();
        step = undefined;
        title('another attempt', styles.busy);
      }
      if (step !== chunk.step) {
        settle();
        title(chunk.step, styles.strong);
      }
      fence = from;
      step = chunk.step;
      show(filter.write(chunk.text));
    },
    end: () => {
      settle();
      ended = true;
    },
    get dropped() {
      return dropped;
    },
    get lines() {
      return lines;
    },
    get ended() {
      return ended;
    },
  };
}
