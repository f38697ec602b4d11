import { join, relative } from 'node:path';
import { type Construct, Node } from 'constructs';

const traces = new WeakMap<Construct, { stack?: string }>();
const root = join(import.meta.dirname, '..', '..');
/** Files that say how a construct is made, not where somebody wanted it. */
const machinery = /^(?:charts\/constructs|imports)\//;

/**
 * Notes where each construct is made while `build` runs. cdk8s' own classes and the generated ones offer no place
 * for that: what all of them pass through is `Node.addChild`, which is as it was afterwards.
 * A note is a trace that nobody has read yet, which costs some microseconds; reading it is for a finding.
 */
export function recordOrigins<T>(build: () => T): T {
  const own = Object.getOwnPropertyDescriptor(Node.prototype, 'addChild');
  const addChild: unknown = own?.value;
  if (own === undefined || typeof addChild !== 'function') return build();
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 16;
  const noting = function (this: Node, child: Construct, name: string): void {
    const trace = {};
    Error.captureStackTrace(trace, noting);
    traces.set(child, trace);
    addChild.call(this, child, name);
  };
  Object.defineProperty(Node.prototype, 'addChild', { ...own, value: noting });
  try {
    return build();
  } finally {
    Object.defineProperty(Node.prototype, 'addChild', own);
    Error.stackTraceLimit = limit;
  }
}

/** `charts/services/api.ts:60`, from the root of this repository; undefined for what was made unnoticed. */
export function originOf(construct: Construct): string | undefined {
  const places = (traces.get(construct)?.stack ?? '').split('\n').flatMap((line) => {
    const [, file, row] =
      /(?:\(|at )(?:file:\/\/)?(\/[^():]+|[A-Za-z]:[^():]+):(\d+):\d+\)?$/.exec(line) ?? [];
    if (file === undefined) return [];
    const inside = relative(root, file);
    const path = inside.startsWith('..') ? file : inside;
    return path.includes('node_modules/') ? [] : [{ path, row }];
  });
  const place = places.find(({ path }) => !machinery.test(path)) ?? places[0];
  return place === undefined ? undefined : `${place.path}:${place.row}`;
}
