/** What a broken Bellows does; the demo must see each of them. */
export const lies = [
  'loses logs',
  'is always green',
  'leaves steps',
  'blames the dead',
  'runs replays',
  'takes forgeries',
  'runs twice after a crash',
  'ends twice',
  'keeps an agent',
  'leaves a process',
] as const;
export type Lie = (typeof lies)[number];
