/** What moves no ref, and is an event all the same. */
export const toldEvents = ['pull_request_closed', 'pull_request_metadata', 'release', 'deployment'] as const;
export type ToldEventName = (typeof toldEvents)[number];

export const jobEvents = ['push', 'tag', 'pull_request', 'manual', 'cron', ...toldEvents] as const;
