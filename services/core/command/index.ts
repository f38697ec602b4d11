/** The words of a command line, for the programs that are one command. */
export { parseWords, toCount } from './parse-words.ts';
export { UsageError } from './usage-error.ts';
