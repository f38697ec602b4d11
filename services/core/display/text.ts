import { toVisible, unseen } from './character.ts';

const every = new RegExp(unseen, 'gu');

/**
 * One line of text that somebody else chose (a branch, a subject, an author) made safe to show: nothing
 * in it moves, colours, hides or reorders anything. Line breaks and tabs become pictures too.
 */
export function toDisplay(text: string): string {
  return text.replace(every, toVisible);
}
