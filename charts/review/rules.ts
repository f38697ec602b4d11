import type { Rule } from './rule.ts';
import { noWildcard, secretsByName } from './rules/access.ts';
import { address } from './rules/addresses.ts';
import { imageDigest, imagePinned } from './rules/images.ts';
import { agentsApart, dns } from './rules/isolation.ts';
import { dataKept, oneScaler } from './rules/lasting.ts';
import { machines } from './rules/machines.ts';
import { names, stableNames } from './rules/names.ts';
import { defaultDeny, networkEdge, networkPeer, policyExplicit } from './rules/network.ts';
import { crdFirst, dependsOn, namespaceExists, once, order, selfApplied, unitSize } from './rules/order.ts';
import { bounded, noToken, podSecurity, podSecurityEnforced } from './rules/pods.ts';
import { quota } from './rules/quota.ts';
import { ingressPort, mount, reference } from './rules/references.ts';
import { cel, celUnknown, kindKnown, schema, scope } from './rules/schema.ts';
import { noSecret, sealedFor } from './rules/secrets.ts';
import { port, selector } from './rules/selectors.ts';

/** What each object is by itself. The rest relies on its shape. */
export const shapeRules: readonly Rule[] = [kindKnown, schema];

/** Every further rule, by what it is about. */
export const ruleGroups: Readonly<Record<string, readonly Rule[]>> = {
  'What Kubernetes takes': [cel, celUnknown, scope, names, mount],
  Security: [
    podSecurity,
    podSecurityEnforced,
    noToken,
    noSecret,
    sealedFor,
    noWildcard,
    secretsByName,
    imagePinned,
    imageDigest,
  ],
  Room: [bounded, quota, machines, oneScaler],
  'A closed world': [reference, selector, port, ingressPort],
  Network: [defaultDeny, policyExplicit, networkPeer, networkEdge, address, dns, agentsApart],
  Order: [namespaceExists, crdFirst, order, dependsOn, selfApplied, once, unitSize],
  'What lasts': [dataKept, stableNames],
};

export const rules: readonly Rule[] = [...shapeRules, ...Object.values(ruleGroups).flat()];
