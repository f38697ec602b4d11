import type { JobState, StepState } from '../core/job/index.ts';
import { type Style, styles } from './style.ts';

/** What the terminal can show beyond ASCII. */
export interface Look {
  readonly marks: Readonly<Record<JobState | StepState, string>>;
  /** Stands for what was cut. */
  readonly more: string;
  readonly selected: string;
  readonly rule: string;
  readonly dot: string;
  readonly live: string;
  readonly lost: string;
}

export const unicodeLook: Look = {
  marks: {
    waiting: '◦',
    blocked: '◦',
    delayed: '↻',
    queued: '◦',
    pending: '◦',
    running: '▸',
    success: '✓',
    failure: '✗',
    cancelled: '⊘',
    timeout: '✗',
    skipped: '-',
    dead: '✗',
  },
  more: '…',
  selected: '›',
  rule: '─',
  dot: '·',
  live: '●',
  lost: '○',
};

export const asciiLook: Look = {
  marks: {
    waiting: '.',
    blocked: '.',
    delayed: '~',
    queued: '.',
    pending: '.',
    running: '>',
    success: '+',
    failure: 'x',
    cancelled: '/',
    timeout: 'x',
    skipped: '-',
    dead: 'x',
  },
  more: '~',
  selected: '>',
  rule: '-',
  dot: '|',
  live: '*',
  lost: 'o',
};

export function toStateStyle(state: JobState | StepState): Style {
  if (state === 'success') return styles.good;
  if (state === 'failure' || state === 'timeout' || state === 'dead') return styles.bad;
  return state === 'running' || state === 'delayed' ? styles.busy : styles.dim;
}
