import { join } from 'node:path';
import type { Platform } from '../../platform.ts';
import type { KubeObject } from '../objects.ts';
import { toMarkdown } from './markdown.ts';
import { readBase, readFolder } from './read-tree.ts';
import { type Report, toReport } from './report.ts';
import { toText } from './text.ts';
import { parseTree } from './tree.ts';

export interface DiffOptions {
  /** The repository that holds `dist/`. */
  readonly root: string;
  /** A revision, or a folder. */
  readonly base: string;
  readonly platform: Pick<Platform, 'waivers'> & Partial<Pick<Platform, 'clusters'>>;
  readonly now: Date;
}

/**
 * What `dist/` as it lies here does to clusters that are as at the base.
 *
 * @throws TreeError where one of the two cannot be read
 */
export function readReport({ root, base, platform, now }: DiffOptions): Report {
  const known = new Map<string, readonly KubeObject[]>();
  const before = parseTree(readBase(root, base), known);
  const after = parseTree(readFolder(join(root, 'dist')), known);
  const machinesOf = (cluster: string) => platform.clusters?.[cluster]?.machines;
  return toReport(base, before, after, platform.waivers, now.toISOString().slice(0, 10), machinesOf);
}

export const formats = ['text', 'markdown', 'json'] as const;
export type Format = (typeof formats)[number];

export function format(report: Report, as: Format, colours: boolean): string {
  switch (as) {
    case 'text':
      return toText(report, colours);
    case 'markdown':
      return toMarkdown(report);
    case 'json':
      return `${JSON.stringify(report)}\n`;
  }
}
