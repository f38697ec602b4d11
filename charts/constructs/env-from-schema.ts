import type { k8s } from 'cdk8s-plus-28';
import type { z } from 'zod';

/** A setting: a value, or something that only the cluster knows. */
export type EnvValue = string | number | boolean | { fieldPath: string } | { secret: string; key: string };

/** One value for each setting of a program: those without a default must be there, others that exist may. */
export type EnvValues<S extends z.ZodObject> = {
  [K in keyof z.input<S>]: undefined extends z.input<S>[K] ? EnvValue | undefined : EnvValue;
};

/**
 * A container's environment from the settings of the program that runs in it (`services/<program>/config.ts`).
 * A misspelt or missing setting does not compile; a wrong value is an error here, not in the cluster.
 */
export function envFromSchema<S extends z.ZodObject>(schema: S, values: EnvValues<S>): k8s.EnvVar[] {
  const given = Object.entries(values).filter((entry): entry is [string, EnvValue] => entry[1] !== undefined);
  return given.sort(byName).map(([name, value]) => {
    if (typeof value === 'object' && 'fieldPath' in value) return { name, valueFrom: { fieldRef: value } };
    if (typeof value === 'object')
      return { name, valueFrom: { secretKeyRef: { name: value.secret, key: value.key } } };
    const text = String(value);
    const parsed = schema.shape[name]?.safeParse(text);
    if (parsed === undefined)
      throw new TypeError(`${name} is no setting; expected one of the program's config.ts`);
    if (!parsed.success) {
      const reasons = parsed.error.issues.map(({ message }: { message: string }) => message).join('; ');
      throw new TypeError(`${name} cannot be ${JSON.stringify(text)}: ${reasons}`);
    }
    return { name, value: text };
  });
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
