import type { ClusterGraph, Edge, Node } from './graph.ts';

const box = { width: 170, height: 56 };
const gap = { x: 70, y: 24 };
const margin = 24;
const titleHeight = 34;

/** One picture, clusters below each other: a column for each step in time, arrows from what waits to what it waits for. */
export function toSvg(graphs: readonly ClusterGraph[]): string {
  let top = margin;
  let width = 0;
  const parts: string[] = [];
  for (const graph of graphs) {
    const places = toPlaces(graph.nodes, top + titleHeight);
    parts.push(
      `<text class="cluster" x="${margin}" y="${top + 18}">${escapeText(graph.cluster)}</text>`,
      ...graph.edges.map((edge) => toArrow(edge, places)),
      ...graph.nodes.map((node) => toBox(node, places)),
    );
    const ends = [...places.values()];
    width = Math.max(width, ...ends.map(({ x }) => x + box.width));
    top = Math.max(top + titleHeight, ...ends.map(({ y }) => y + box.height)) + 2 * margin;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width + margin}" height="${top - margin}" role="img" aria-label="units and what each waits for">
<style>
  text { font: 13px system-ui, sans-serif; fill: #222 }
  .cluster { font-weight: 600; font-size: 16px }
  .unit { font-weight: 600 }
  .count { fill: #666 }
  rect { fill: #fff; stroke: #555; rx: 8 }
  .prunes rect { stroke: #c00; stroke-width: 2 }
  .prunes .count { fill: #c00 }
  path { fill: none; stroke: #555 }
  .names { stroke-dasharray: 4 4; stroke: #999 }
  @media (prefers-color-scheme: dark) { text { fill: #eee } rect { fill: #222; stroke: #aaa } path { stroke: #aaa } .count { fill: #aaa } }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8"/></marker></defs>
${parts.join('\n')}
</svg>
`;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function toPlaces(nodes: readonly Node[], top: number): Map<string, Point> {
  const rows = new Map<number, number>();
  return new Map(
    nodes.map(({ unit, depth }) => {
      const row = rows.get(depth) ?? 0;
      rows.set(depth, row + 1);
      return [unit, { x: margin + depth * (box.width + gap.x), y: top + row * (box.height + gap.y) }];
    }),
  );
}

function toBox({ unit, objects, prunes }: Node, places: ReadonlyMap<string, Point>): string {
  const { x, y } = places.get(unit) ?? { x: 0, y: 0 };
  const pruned = prunes.length === 0 ? '' : `, ${prunes.length} pruned`;
  const title = prunes.length === 0 ? '' : `<title>${escapeText(prunes.join('\n'))}</title>`;
  return [
    `<g class="${prunes.length === 0 ? 'keeps' : 'prunes'}">${title}`,
    `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}"/>`,
    `<text class="unit" x="${x + 14}" y="${y + 24}">${escapeText(unit)}</text>`,
    `<text class="count" x="${x + 14}" y="${y + 43}">${objects} object${objects === 1 ? '' : 's'}${pruned}</text></g>`,
  ].join('');
}

function toArrow({ from, to, kind }: Edge, places: ReadonlyMap<string, Point>): string {
  const [start, end] = [places.get(to), places.get(from)];
  if (start === undefined || end === undefined) return '';
  const [x1, y1, x2, y2] = [start.x + box.width, start.y + box.height / 2, end.x, end.y + box.height / 2];
  const bend = Math.max(gap.x / 2, Math.abs(x2 - x1) / 2);
  return `<path class="${kind}" marker-end="url(#tip)" d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"/>`;
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[^\P{Cc}\n]/gu, '');
}
