/** What a platform repository builds with: `bellows/charts`. */
export { Brought, type BroughtProps } from './constructs/brought.ts';
export { NetworkEdge, type NetworkEdgeProps, type Pods } from './constructs/network-edge.ts';
export { type PodProps, podTemplate } from './constructs/pod.ts';
export { Stateful, type StatefulProps } from './constructs/stateful.ts';
export type { Unit } from './constructs/unit.ts';
export { labelsOf, namespaces, selectorOf } from './places.ts';
export type { Cluster, Platform, Pool } from './platform.ts';
export { synth } from './synth.ts';
export { toUnits } from './units.ts';
