import { Command, InvalidArgumentError, Option } from 'commander';
import { parseWords, toCount } from '../core/command/index.ts';
import type { Answers } from './files.ts';

export interface PlatformOptions extends Partial<Omit<Answers, 'source'>> {
  readonly folder: string;
  readonly source?: string;
  /** What npm installs as `bellows`. @default where this one is from */
  readonly bellows?: string;
  /** Whether packages are installed and dist/ is rendered. */
  readonly install: boolean;
}

export function parseOptions(args: readonly string[]): PlatformOptions {
  const command = new Command('bellows platform')
    .description(
      'Make a repository for your own platform: platform.yaml, your own charts beside those of Bellows, dist/ for Flux, a pipeline that posts the diff of each pull request. In a terminal it asks for what is not given.',
    )
    .argument('<folder>', 'where; it must not exist, or be empty')
    .option('--cluster <name>', 'the first cluster', toLabel)
    .option('--domain <domain>', 'the api answers at https://bellows.<domain>', toDomain)
    .addOption(new Option('--arch <arch>', 'of the agents').choices(['amd64', 'arm64']))
    .option('--agents <n>', 'no more agents than this at a time', toAgents)
    .option(
      '--source <address>',
      "the repository that Flux reads (default: bellows/platform on the cluster's own Gitea)",
    )
    .option(
      '--bellows <spec>',
      'what npm installs as Bellows: a version, an address of git, a folder (default: as this one)',
    )
    .option('--no-install', 'write the files only; npm install and npm run synth are yours')
    .addHelpText(
      'after',
      '\nExamples:\n  ./bellows platform ~/platform\n  ./bellows platform ~/platform --cluster home --domain home.arpa --arch arm64 --agents 4',
    );
  parseWords(command, args);
  return { folder: command.args[0] ?? '', ...command.opts<Omit<PlatformOptions, 'folder'>>() };
}

export interface UpgradeOptions {
  /** What npm is to install as `bellows`. @default the newest of where it is from */
  readonly to?: string;
}

export function parseUpgradeOptions(args: readonly string[]): UpgradeOptions {
  const command = new Command('bellows upgrade')
    .description(
      'Install a newer Bellows into the platform repository of this folder, render dist/ anew and show what that changes. Nothing is committed: git restores what was.',
    )
    .argument(
      '[spec]',
      'a version, an address of git with #<commit>, a folder (default: the newest of where it is from)',
    )
    .addHelpText('after', '\nExamples:\n  npx bellows upgrade\n  npx bellows upgrade 0.2.0');
  parseWords(command, args);
  return command.args[0] === undefined ? {} : { to: command.args[0] };
}

export interface PinsOptions {
  /** Whether to compare only. */
  readonly check: boolean;
}

export function parsePinsOptions(args: readonly string[]): PinsOptions {
  const command = new Command('bellows pins')
    .description(
      'Ask the registries for the digest of every image and chart that dist/ uses, and write them to pins.json, which the next synth reads. What cannot be asked for stays as it was.',
    )
    .option('--check', 'write nothing; fail where a registry says another digest, or is not to be asked')
    .addHelpText('after', '\nExamples:\n  npx bellows pins && npm run synth\n  npx bellows pins --check');
  parseWords(command, args);
  return { check: command.opts<{ check?: boolean }>().check === true };
}

/** As platform.yaml wants the names of clusters. */
export function toLabel(text: string): string {
  if (!/^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(text))
    throw new InvalidArgumentError('Expected 1 to 40 of a-z, 0-9 and -, beginning with a letter.');
  return text;
}

export function toDomain(text: string): string {
  if (
    text.length > 200 ||
    !/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(text)
  )
    throw new InvalidArgumentError('Expected a domain such as home.arpa.');
  return text;
}

export const toAgents = toCount(500);
