/** Pools that jobs may ask for, by name: what runs on their agents, as `linux/arm64`. */
export type Pools = ReadonlyMap<string, string>;

/** `amd64=linux/amd64,spark=linux/arm64` */
export function parsePools(text: string): Pools {
  return new Map(
    text.split(',').map((each): [string, string] => {
      const [name = '', platform = ''] = each.split('=', 2);
      return [name, platform];
    }),
  );
}
