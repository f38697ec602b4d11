import type { Secret } from '../objects.ts';
import type { Rule } from '../rule.ts';
import { containersOf } from '../world.ts';

export const noSecret: Rule = {
  name: 'no-secret',
  says: 'No secret stands in a manifest: neither in a Secret, nor in the environment, nor in an address.',
  why: 'Git keeps it for ever, and everybody who reads the repository has it.',
  *check(world) {
    for (const item of world.ofKind<Secret>('Secret')) {
      const { data = {}, stringData = {} } = item.object;
      const keys = [...Object.keys(data), ...Object.keys(stringData)];
      // SOPS leaves the keys and seals the values.
      if (keys.length > 0 && !('sops' in item.object))
        yield {
          item,
          at: 'data' in item.object ? 'data' : 'stringData',
          message: `holds ${keys.join(', ')} for everybody to read`,
          mend: 'generate it in the cluster, or refer to one that is sealed',
        };
    }
    for (const pod of world.pods) {
      for (const { container, at } of containersOf(pod)) {
        for (const [index, { name, value = '' }] of (container.env ?? []).entries()) {
          const spot = { item: pod.item, at: `${at}.env[${index}].value` };
          if (/:\/\/[^/@\s:]+:[^/@\s]+@/.test(value))
            yield {
              ...spot,
              message: `(${name}) has a password in an address`,
              mend: 'mount the password as a file',
            };
          else if (
            /SECRET|TOKEN|PASSWORD|PASSPHRASE|PRIVATE_KEY|CREDENTIAL|API_?KEY/i.test(name) &&
            !isHarmless(name, value)
          )
            yield {
              ...spot,
              message: `(${name}) looks like a secret`,
              mend: 'take it from a Secret, as a file or by valueFrom',
            };
        }
      }
    }
  },
};

/** A path, a switch, a number, or an address of where the secret is. */
function isHarmless(name: string, value: string): boolean {
  return (
    /^(?:|\/.*|file:.*|true|false|\d+)$/.test(value) || /_(?:FILE|DIR|PATH|URL|URI|NAME|LENGTH)$/.test(name)
  );
}
