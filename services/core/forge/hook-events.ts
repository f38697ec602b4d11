/**
 * What is heard of each forge: an event, as the header of a webhook names it, and the words that a webhook is made with so
 * that the forge sends it. Gitea sends one event for several words (services/webhook, modules/webhook/type.go of 1.26) and
 * knows no deployments; GitHub's words are its events.
 */
export const hookEvents = {
  gitea: {
    push: ['push'],
    delete: ['delete'],
    pull_request: [
      'pull_request_only',
      'pull_request_sync',
      'pull_request_assign',
      'pull_request_label',
      'pull_request_milestone',
    ],
    release: ['release'],
  },
  github: {
    push: ['push'],
    pull_request: ['pull_request'],
    release: ['release'],
    deployment: ['deployment'],
  },
} as const;

export type HookForge = keyof typeof hookEvents;

/** What a webhook is to send, in the words that its forge is asked with. */
export function toHookWords(forge: HookForge): string[] {
  return Object.values(hookEvents[forge]).flat();
}
