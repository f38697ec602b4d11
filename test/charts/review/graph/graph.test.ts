import { expect, test } from '@jest/globals';
import { judge } from '../../../../charts/review/diff/judge.ts';
import { CircleError, toGraph } from '../../../../charts/review/graph/graph.ts';
import { toMermaid } from '../../../../charts/review/graph/mermaid.ts';
import { parseOptions } from '../../../../charts/review/graph/options.ts';
import { toSvg } from '../../../../charts/review/graph/svg.ts';
import { toText } from '../../../../charts/review/graph/text.ts';
import { example, without } from '../diff/example.ts';
import { platformWith } from '../world.ts';

const graph = toGraph(platformWith());
const depthOf = new Map(graph.nodes.map(({ unit, depth }) => [unit, depth]));

test('no unit becomes ready before what it waits for', () => {
  for (const { from, to, kind } of graph.edges)
    if (kind === 'waits') expect(depthOf.get(from)).toBeGreaterThan(depthOf.get(to) ?? Number.NaN);
  expect(graph.nodes.map(({ depth }) => depth)).toEqual(
    graph.nodes.map(({ depth }) => depth).sort((a, b) => a - b),
  );
  expect(graph.nodes.map(({ unit }) => unit).slice(0, 3)).toEqual(['bootstrap', 'flux', 'foundation']);
});

test('every object is in one unit', () => {
  expect(graph.nodes.reduce((sum, { objects }) => sum + objects, 0)).toBe(example.length);
});

test('what a change removes stands at its unit as what Flux will prune', () => {
  const { edits } = judge(example, without(example, 'ScaledJob ci-agents/agent-arm64-l'));
  const pruning = toGraph(
    platformWith((draft) => draft.remove('ScaledJob ci-agents/agent-arm64-l')),
    edits,
  );
  expect(
    pruning.nodes.filter(({ prunes }) => prunes.length > 0).map(({ unit, prunes }) => [unit, prunes]),
  ).toEqual([['scaling', ['ScaledJob ci-agents/agent-arm64-l']]]);
  expect(toMermaid([pruning])).toContain('home_scaling["scaling<br/>3 objects<br/>1 pruned"]:::prunes');
  expect(toText([pruning])).toMatch(
    /scaling +3 objects {2}after add-ons, services\n +- ScaledJob ci-agents\/agent-arm64-l\n/,
  );
  expect(toSvg([pruning])).toContain('<title>ScaledJob ci-agents/agent-arm64-l</title>');
});

test('units that wait for each other are named', () => {
  const circle = platformWith((draft) => {
    draft.edit('Kustomization flux-system/foundation').spec.dependsOn = [{ name: 'data' }];
  });
  expect(() => toGraph(circle)).toThrow(CircleError);
  expect(() => toGraph(circle)).toThrow(/foundation → data → secrets → network → foundation/);
});

test('the picture has a box for each unit and an arrow for each edge, and nothing of a name gets out of its text', () => {
  const svg = toSvg([{ ...graph, cluster: '<script>&' }]);
  expect(svg.match(/<rect /g)?.length).toBe(graph.nodes.length);
  expect(svg.match(/marker-end/g)?.length).toBe(graph.edges.length);
  expect(svg).toContain('&lt;script&gt;&amp;');
  expect(toMermaid([{ ...graph, cluster: 'a"]; click' }])).toContain('["a___ click"]');
});

test('one format, one base', () => {
  expect(parseOptions(['origin/main', '--svg'])).toMatchObject({ base: 'origin/main', format: 'svg' });
  expect(parseOptions([])).toMatchObject({ base: 'HEAD', format: 'text' });
  expect(() => parseOptions(['--svg', '--json'])).toThrow('expected one base and one format');
});
