import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeOwnFile } from '../secrets.ts';

/*
 * The hooks speak with us over file descriptor 3, a socket that receive-pack inherits from us and they
 * from it: no address, no credential, and no program to start but the shell itself.
 *
 *   pre-receive   ▶ enter                 ◀ ok | no <why>
 *   post-receive  ▶ moved …, commit …     ◀ say <text> …
 *                 ▶ end                   ◀ end
 */

const preReceive = `#!/bin/sh
echo enter >&3
IFS= read -r answer <&3 || answer='no Bellows is not running any more'
[ "$answer" = ok ] && exit 0
echo "\${answer#no }"
exit 1
`;

const postReceive = `#!/bin/sh
while IFS=' ' read -r before after ref; do
  echo "moved $before $after $ref" >&3
  # Author and subject are one line each, as git formats them; printf takes them as text, not as a format.
  said=$(git log -1 --no-show-signature --encoding=UTF-8 --format='commit %H%nauthor %an%nemail %ae%nsubject %s' --end-of-options "$after" -- 2>/dev/null) &&
    printf '%s\\n' "$said" >&3
done
echo end >&3
while IFS= read -r line <&3 && [ "$line" != end ]; do
  printf '%s\\n' "\${line#say }"
done
exit 0
`;

/** Settings of every git that the remote starts, in place of the user's and the machine's own. */
export function toGitConfig(hooks: string): string {
  return `[init]
  defaultBranch = main
[core]
  hooksPath = ${JSON.stringify(hooks)}
  # A ref that has moved has been accepted: it and what it names survive a power cut.
  fsync = committed,reference
  fsyncMethod = fsync
[receive]
  fsckObjects = true
  # Harmless, and found in the history of well-known repositories.
[receive "fsck"]
  zeroPaddedFilemode = warn
  missingSpaceBeforeDate = warn
  badTimezone = warn
[receive]
  denyDeleteCurrent = warn
[gc]
  # Tidied by the push that crosses the limit, before it ends: nothing stays behind in the background.
  autoDetach = false
[maintenance]
  autoDetach = false
[uploadpack]
  # A job clones its commit, wherever the branch has gone since.
  allowAnySHA1InWant = true
  allowFilter = true
[safe]
  directory = *
`;
}

/**
 * @param path where git is looked for
 * @returns the whole environment of every git that the remote starts
 */
export async function writeGitHome(folder: string, path: string): Promise<Record<string, string>> {
  const hooks = join(folder, 'hooks');
  await mkdir(hooks, { recursive: true, mode: 0o700 });
  await writeOwnFile(join(hooks, 'pre-receive'), preReceive, 0o700);
  await writeOwnFile(join(hooks, 'post-receive'), postReceive, 0o700);
  await writeOwnFile(join(folder, '.gitconfig'), toGitConfig(hooks));
  return { PATH: path, HOME: folder, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
}
