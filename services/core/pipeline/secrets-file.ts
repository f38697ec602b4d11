import { secretLimits, secretNameSchema } from '../job/index.ts';
import { parseYaml } from './document.ts';
import { PipelineError } from './pipeline-error.ts';

/**
 * Reads a YAML file of names and values, for a run on one's own machine.
 *
 * @returns values by name, in lower case
 * @throws PipelineError, and nothing else, whatever the text is; no message holds a value
 */
export function parseSecretsFile(text: string, file: string): Map<string, string> {
  const { value, positionOf, positionOfKey } = parseYaml(text, file);
  if (typeof value === 'string' || Array.isArray(value))
    throw new PipelineError(file, positionOf([]), 'expected names and values: npm_token: "…"');
  const secrets = new Map<string, string>();
  let bytes = 0;
  for (const [given, secret] of Object.entries(value)) {
    const name = secretNameSchema.safeParse(given);
    if (!name.success)
      throw new PipelineError(file, positionOfKey([given]), name.error.issues[0]?.message ?? 'not a name');
    if (typeof secret !== 'string' || secret === '' || secret.includes('\0'))
      throw new PipelineError(file, positionOf([given]), `${name.data}: expected text as the value`);
    bytes += Buffer.byteLength(secret);
    if (bytes > secretLimits.bytesTogether)
      throw new PipelineError(
        file,
        positionOf([given]),
        `the secrets are larger than ${secretLimits.bytesTogether / 1024} KiB together`,
      );
    secrets.set(name.data, secret);
  }
  return secrets;
}
