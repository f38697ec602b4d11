import type { ClusterGraph } from './graph.ts';

/** For a terminal: the order of time, what each unit waits for, what of it goes. */
export function toText(graphs: readonly ClusterGraph[]): string {
  return graphs
    .map(({ cluster, nodes, edges }) => {
      const widest = Math.max(0, ...nodes.map(({ unit }) => unit.length));
      const lines = nodes.flatMap(({ unit, objects, prunes, depth }) => {
        const waits = edges.filter(({ from, kind }) => from === unit && kind === 'waits').map(({ to }) => to);
        const after = waits.length === 0 ? '' : `  after ${waits.join(', ')}`;
        return [
          `  ${depth + 1}  ${unit.padEnd(widest)}  ${String(objects).padStart(4)} object${objects === 1 ? ' ' : 's'}${after}`,
          ...prunes.map((id) => `     ${' '.repeat(widest)}  - ${id}`),
        ];
      });
      return [cluster, ...lines.map((line) => line.trimEnd()), ''].join('\n');
    })
    .join('\n');
}
