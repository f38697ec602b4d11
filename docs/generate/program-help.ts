import { usage as diffUsage } from '../../charts/review/diff/options.ts';
import { usage as explainUsage } from '../../charts/review/explain/options.ts';
import { usage as graphUsage } from '../../charts/review/graph/options.ts';
import { usage as checkUsage } from '../../charts/review/options.ts';
import { parseOptions as parseDemo } from '../../services/demo/options.ts';
import { parseOptions as parseUp } from '../../services/local/options.ts';
import {
  parsePinsOptions,
  parseOptions as parsePlatform,
  parseUpgradeOptions,
} from '../../services/platform/options.ts';
import { usage } from '../../services/tui/options.ts';

/** What programs with arguments of their own say when they are asked for help. */
export const programHelp = {
  // The reference is the same on every machine: as on the smallest one.
  up: toHelp(() => parseUp(['--help'], 2)),
  tui: usage,
  check: checkUsage,
  diff: diffUsage,
  explain: explainUsage,
  graph: graphUsage,
  platform: toHelp(() => parsePlatform(['--help'])),
  pins: toHelp(() => parsePinsOptions(['--help'])),
  upgrade: toHelp(() => parseUpgradeOptions(['--help'])),
  demo: toHelp(() => parseDemo(['--help'])),
};

/** A parser that is asked for help throws it. */
function toHelp(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof Error && error.name === 'UsageError') return error.message;
    throw error;
  }
  throw new Error('expected --help to end the parsing');
}
