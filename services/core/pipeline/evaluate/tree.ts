import type { Value } from './value.ts';

/** `at`: where it begins, in characters from 1. */
export type Node = { at: number } & (
  | { kind: 'value'; value: Value }
  | { kind: 'name'; name: string }
  /** `#`, `#acc`, `#index` of a predicate. */
  | { kind: 'pointer'; name: string }
  | { kind: 'unary'; operator: string; node: Node }
  | { kind: 'binary'; operator: string; left: Node; right: Node }
  | { kind: 'conditional'; condition: Node; yes: Node; no: Node }
  | { kind: 'list'; items: Node[] }
  | { kind: 'map'; entries: [Node, Node][] }
  | { kind: 'member'; node: Node; key: Node; optional: boolean }
  /** Where `?.` found nothing, the whole of it is nil. */
  | { kind: 'chain'; node: Node }
  | { kind: 'slice'; node: Node; from: Node | undefined; to: Node | undefined }
  | { kind: 'call'; name: string; args: Node[] }
  | { kind: 'let'; name: string; value: Node; body: Node }
  | { kind: 'sequence'; nodes: Node[] }
);

/** Functions whose second argument is asked for each item of the first. */
export const predicates: ReadonlySet<string> = new Set([
  'all',
  'none',
  'any',
  'one',
  'filter',
  'map',
  'count',
  'sum',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'groupBy',
  'sortBy',
  'reduce',
]);
