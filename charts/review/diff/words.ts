import type { Capacity, CapacityChange } from './capacity.ts';
import type { FieldChange } from './fields.ts';
import type { Edit } from './judge.ts';
import type { Report } from './report.ts';

// What the reports of a difference have in common: the words, safe to show anywhere.

const longest = 200;

/** A value on one line. Names in a cluster are no secret, but nobody's terminal is steered by one. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return short.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** The lines of one place that differs; a value that comes or goes whole has one. */
export function toFieldLines({ at, before, after }: FieldChange): { sign: '-' | '+'; text: string }[] {
  return [
    ...(before === undefined ? [] : [{ sign: '-' as const, text: `${at}: ${show(before)}` }]),
    ...(after === undefined ? [] : [{ sign: '+' as const, text: `${at}: ${show(after)}` }]),
  ];
}

/** `home`, `home and lab`, `the same in all 3 clusters` */
export function sayClusters(clusters: readonly string[], all: readonly string[]): string {
  if (clusters.length === all.length && all.length > 1) return `the same in all ${all.length} clusters`;
  return clusters.length > 3
    ? `the same in ${clusters.length} clusters: ${clusters.join(', ')}`
    : clusters.join(' and ');
}

/** `2 removed, 3 changed, 1 added` */
export function sayCounts(edits: readonly Edit[]): string {
  const counts = (['removed', 'changed', 'added'] as const).map((kind) => [
    edits.filter((edit) => edit.kind === kind).length,
    kind,
  ]);
  return counts.flatMap(([count, kind]) => (count === 0 ? [] : [`${count} ${kind}`])).join(', ');
}

export function sayVerdict({ edits, blocked, base }: Report): string {
  if (edits.length === 0) return `dist/ is as at ${base}`;
  return `dist/ against ${base}: ${sayCounts(edits)}${blocked ? '; blocked' : ''}`;
}

/** `at rest 1.2 → 1.4 cores, 2.0 Gi …` */
export function toCapacityRows({
  before,
  after,
  monthly,
}: CapacityChange): [when: string, cpu: string, memory: string, storage: string, monthly: string][] {
  return (['atRest', 'atMost'] as const).map((when) => [
    when === 'atRest' ? 'at rest' : 'at most',
    sayStep(before, after, when, 'cpu', (cores) => `${Math.round(cores * 100) / 100} cores`),
    sayStep(before, after, when, 'memory', toGi),
    sayStep(before, after, when, 'storage', toGi),
    monthly === undefined
      ? ''
      : `${step(toPrice(monthly.before[when]), toPrice(monthly.after[when]))} a month`,
  ]);
}

function sayStep(
  before: Capacity,
  after: Capacity,
  when: keyof Capacity,
  what: 'cpu' | 'memory' | 'storage',
  say: (value: number) => string,
): string {
  return step(say(before[when][what]), say(after[when][what]));
}

const step = (from: string, to: string) => (from === to ? to : `${from} → ${to}`);
const toPrice = (money: number) => money.toFixed(2);

const toGi = (bytes: number) => `${Math.round((bytes / 2 ** 30) * 10) / 10} Gi`;
