/** What is safe to show: hostile text for eyes and terminals. Pure; no I/O. */
export { createDisplayFilter, type DisplayFilter, type DisplayFilterOptions } from './filter.ts';
export { toMeasuredFacts, toStepMeasures } from './measured.ts';
export { formatBytes } from './size.ts';
export { toDisplay } from './text.ts';
export { formatAge, formatDuration } from './time.ts';
export { displayWidth, toColumns, truncate } from './width.ts';
