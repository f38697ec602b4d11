/** A file of its own, so that a program that is bundled in parts reads it only for who asks for patterns. */
export { RE2JS } from 're2js';
