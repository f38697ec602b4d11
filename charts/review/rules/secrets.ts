import { recipientsAnnotation, sealedFolder } from '../../places.ts';
import type { Secret } from '../objects.ts';
import type { Rule } from '../rule.ts';
import { isSealed } from '../sealed.ts';
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
      const sealed = isSealed(item.object);
      const plain = keys.filter(
        (key) => !sealed || !/^(?:ENC\[AES256_GCM,.+\])?$/.test(data[key] ?? stringData[key] ?? ''),
      );
      if (plain.length > 0)
        yield {
          item,
          at: plain.some((key) => key in data) ? 'data' : 'stringData',
          message: `holds ${plain.join(', ')} for everybody to read`,
          mend: `seal it with SOPS in ${sealedFolder}/<cluster>/, fetch it, or generate it in the cluster`,
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

export const sealedFor: Rule = {
  name: 'sealed-for',
  says: 'What is sealed is in sealed/<cluster>/, for the recipients of platform.yaml and for nobody else.',
  why: 'Flux could not open it, or somebody who should not could.',
  *check(world) {
    const kustomization = world
      .ofKind('Kustomization')
      .find((item) => item.object.metadata.name === sealedFolder);
    const wanted = kustomization?.object.metadata.annotations?.[recipientsAnnotation]?.split(' ') ?? [];
    for (const item of world.ofKind<Secret>('Secret')) {
      if (!isSealed(item.object)) continue;
      if (kustomization === undefined || item.rendered.unit !== sealedFolder) {
        yield {
          item,
          message: 'is sealed, and nobody opens it',
          mend: `let secrets of platform.yaml come from "sealed", and its file stand in ${sealedFolder}/<cluster>/`,
        };
        continue;
      }
      const found = (item.object.sops?.age ?? []).map(({ recipient = '' }) => recipient);
      const lacking = wanted.filter((one) => !found.includes(one));
      const more = found.filter((one) => !wanted.includes(one));
      if (lacking.length + more.length === 0) continue;
      const words = [...lacking.map((one) => `not for ${one}`), ...more.map((one) => `for ${one}`)];
      yield {
        item,
        at: 'sops.age',
        message: `is encrypted ${words.join(', ')}`,
        mend: `run sops updatekeys ${item.rendered.path} with the recipients of platform.yaml in .sops.yaml`,
      };
    }
  },
};

/** A path, a switch, a number, or an address of where the secret is. */
function isHarmless(name: string, value: string): boolean {
  return (
    /^(?:|\/.*|file:.*|true|false|\d+)$/.test(value) || /_(?:FILE|DIR|PATH|URL|URI|NAME|LENGTH)$/.test(name)
  );
}
