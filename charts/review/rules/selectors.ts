import type { KubeObject, LabelSelector, Service, Workload } from '../objects.ts';
import type { Rule } from '../rule.ts';
import { selects } from '../selector.ts';
import { containersOf, type End, type Item, sayLabels, type World } from '../world.ts';

export const selector: Rule = {
  name: 'selector',
  says: 'Every selector of a Service, workload or budget finds its pods.',
  why: 'A Service would answer nobody, a workload would be refused, a budget would protect nothing.',
  *check(world) {
    for (const item of world.ofKind<Service>('Service')) {
      const { selector } = item.object.spec;
      if (selector !== undefined && endsBehind(world, item).length === 0)
        yield missing(item, 'spec.selector', { matchLabels: selector });
    }
    for (const pods of world.pods) {
      const { selector } = (pods.item.object as Workload).spec;
      if (selector !== undefined && isEmpty(selector))
        yield {
          item: pods.item,
          at: 'spec.selector',
          message: 'is empty',
          mend: `ask for ${sayLabels(pods.labels)}`,
        };
      if (selector !== undefined && !selects(selector, pods.labels))
        yield {
          item: pods.item,
          at: 'spec.selector',
          message: `asks for ${sayLabels(selector)}, which its own pods do not have`,
          mend: `label its template so, or ask for ${sayLabels(pods.labels)}`,
        };
      for (const [index, { labelSelector }] of (pods.spec.topologySpreadConstraints ?? []).entries())
        if (!selects(labelSelector, pods.labels))
          yield missing(
            pods.item,
            `${pods.specAt}.topologySpreadConstraints[${index}].labelSelector`,
            labelSelector ?? {},
          );
    }
    for (const item of world.ofKind<KubeObject & { spec: { selector?: LabelSelector } }>(
      'PodDisruptionBudget',
    )) {
      const { selector } = item.object.spec;
      if (!world.ends.some((end) => end.namespace === item.namespace && selects(selector, end.labels)))
        yield missing(item, 'spec.selector', selector ?? {});
    }
  },
};

function isEmpty({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length + matchExpressions.length === 0;
}

function missing(item: Item, at: string, selector: LabelSelector) {
  return {
    item,
    at,
    message: `asks for ${sayLabels(selector)}, and no pod in ${item.namespace} has that`,
    mend: 'use selectorOf of charts/places.ts on both sides',
  };
}

/** The pods that a Service sends to. */
export function endsBehind({ ends }: World, { object, namespace }: Item<Service>): readonly End[] {
  const { selector } = object.spec;
  if (selector === undefined) return [];
  return ends.filter((end) => end.namespace === namespace && selects({ matchLabels: selector }, end.labels));
}

export const port: Rule = {
  name: 'port',
  says: 'Every port that a Service or a probe names is one that the pod has.',
  why: 'Connections would be refused, and a probe would kill what is well.',
  *check(world) {
    for (const item of world.ofKind<Service>('Service')) {
      const behind = endsBehind(world, item);
      for (const [index, { port, targetPort = port, protocol = 'TCP' }] of (
        item.object.spec.ports ?? []
      ).entries()) {
        const lacking = behind.find(
          ({ ports }) =>
            !ports.some(
              (open) => open.protocol === protocol && (open.port === targetPort || open.name === targetPort),
            ),
        );
        if (lacking !== undefined)
          yield {
            item,
            at: `spec.ports[${index}].targetPort`,
            message: `is ${targetPort}/${protocol}, which ${lacking.called} does not listen on`,
            mend: `expected one of ${lacking.ports.map((open) => `${open.port}/${open.protocol}`).join(', ') || 'its ports, of which it names none'}`,
          };
      }
    }
    for (const pods of world.pods) {
      for (const { container, at } of containersOf(pods)) {
        for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
          const kind = container[probe]?.httpGet !== undefined ? 'httpGet' : 'tcpSocket';
          const asked = container[probe]?.[kind]?.port;
          const open = container.ports ?? [];
          if (
            asked !== undefined &&
            !open.some(({ name, containerPort }) => name === asked || containerPort === asked)
          )
            yield {
              item: pods.item,
              at: `${at}.${probe}.${kind}.port`,
              message: `is ${asked}, which the container does not listen on`,
              mend: `expected one of ${open.map(({ containerPort }) => containerPort).join(', ') || 'its ports, of which it names none'}`,
            };
        }
      }
    }
  },
};
