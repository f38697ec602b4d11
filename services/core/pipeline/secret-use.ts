import type { Position } from './pipeline-error.ts';
import type { PlannedStep, SecretUse } from './plan.ts';

/** Each place where a step asks for a secret. */
export function toSecretPlaces({ secrets = [] }: PlannedStep): { secret: string; position: Position }[] {
  return secrets.flatMap(({ secret, position, parts }) =>
    parts === undefined ? [{ secret, position }] : parts.filter((part) => typeof part !== 'string'),
  );
}

/** The value of the variable that a step is given. One that is not there is empty. */
export function toSecretValue(
  { secret, parts }: SecretUse,
  secrets: ReadonlyMap<string, string> | undefined,
): string {
  const toValue = (name: string): string => secrets?.get(name) ?? '';
  if (parts === undefined) return toValue(secret);
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      return part.json ? JSON.stringify(toValue(part.secret)) : toValue(part.secret);
    })
    .join('');
}
