/** What waits for others by name. */
export interface Node {
  name: string;
  dependsOn?: readonly string[];
}

/**
 * @param refuse told the place of a node that waits for itself, and the way back to it. It throws.
 */
export function refuseCircles(
  nodes: readonly Node[],
  refuse: (index: number, circle: readonly string[]) => never,
): void {
  const places = new Map(nodes.map(({ name }, i) => [name, i]));
  const done = new Set<string>();
  for (const { name } of nodes) {
    const circle = findCircle(name, [], { nodes, places, done });
    if (circle !== undefined) refuse(places.get(circle[0] ?? '') ?? 0, circle);
  }
}

function findCircle(
  name: string,
  above: readonly string[],
  graph: { nodes: readonly Node[]; places: ReadonlyMap<string, number>; done: Set<string> },
): string[] | undefined {
  if (graph.done.has(name)) return undefined;
  const start = above.indexOf(name);
  if (start >= 0) return [...above.slice(start), name];
  for (const need of graph.nodes[graph.places.get(name) ?? -1]?.dependsOn ?? []) {
    const circle = findCircle(need, [...above, name], graph);
    if (circle !== undefined) return circle;
  }
  graph.done.add(name);
  return undefined;
}
