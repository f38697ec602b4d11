import { join } from 'node:path';
import { writeOwnFile } from './secrets.ts';

/** For a shell: the text as one word. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Writes the credential helper (gitcredentials(7)) by which people push: git asks it for the password,
 * which so stands in no URL, no argument and none of git's own files.
 *
 * @returns its path
 */
export async function writeCredentialHelper(data: string, passwordFile: string): Promise<string> {
  const file = join(data, 'git-credential');
  const script = `#!/bin/sh
# git asks this for the password of a push to Bellows.
[ "$1" = get ] || exit 0
printf 'username=bellows\\npassword=%s\\n' "$(cat ${quote(passwordFile)})"
`;
  await writeOwnFile(file, script, 0o700);
  return file;
}

/** The two lines that a person runs in their own repository. */
export function toPushLines(origin: string, helper: string): [string, string] {
  return [
    // The value is run by a shell, so a path with a space is quoted for that one, too.
    `git config credential.${origin}.helper ${quote(/\s|'/.test(helper) ? `!${quote(helper)}` : helper)}`,
    `git push ${origin}/you/project.git HEAD`,
  ];
}
