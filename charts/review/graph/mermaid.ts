import type { ClusterGraph, Node } from './graph.ts';

/** A flowchart for Markdown, in the order of time: from what is there first to what waits for it. */
export function toMermaid(graphs: readonly ClusterGraph[]): string {
  const lines = graphs.flatMap(({ cluster, nodes, edges }) => {
    const idOf = (unit: string) => `${cluster}_${unit}`.replace(/[^A-Za-z0-9_]/g, '_');
    return [
      `  subgraph ${idOf('cluster')}["${toText(cluster)}"]`,
      ...nodes.map(
        (node) => `    ${idOf(node.unit)}["${toLabel(node)}"]${node.prunes.length > 0 ? ':::prunes' : ''}`,
      ),
      ...edges.map(({ from, to, kind, references }) =>
        kind === 'waits'
          ? `    ${idOf(to)} --> ${idOf(from)}`
          : `    ${idOf(to)} -. "${references}" .-> ${idOf(from)}`,
      ),
      '  end',
    ];
  });
  return ['flowchart LR', ...lines, '  classDef prunes stroke:#c00,stroke-width:2px', ''].join('\n');
}

function toLabel({ unit, objects, prunes }: Node): string {
  const pruned = prunes.length === 0 ? '' : `<br/>${prunes.length} pruned`;
  return `${toText(unit)}<br/>${objects} object${objects === 1 ? '' : 's'}${pruned}`;
}

const toText = (text: string) => text.replace(/[^\w .\-/]/g, '_');
