import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** A command as a shell sees it. */
interface Place {
  /** Its words, each after a space: ` repo add`; empty for the root. */
  path: string;
  words: { text: string; about: string }[];
  options: { flags: string[]; about: string; takesValue: boolean; values: readonly string[] }[];
}

/** A script that completes the commands of this tree, their options, and values that are one of a few. */
export function toCompletion(program: Command, shell: Shell): string {
  const places = toPlaces(program, '');
  if (shell === 'bash') return toBash(places);
  return shell === 'zsh' ? toZsh(places) : toFish(places);
}

function toPlaces(command: Command, path: string): Place[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command);
  const place: Place = {
    path,
    words: [
      ...children.map((child) => ({ text: child.name(), about: help.subcommandDescription(child) })),
      ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
        argChoices.map((text) => ({ text, about: description })),
      ),
    ],
    options: help.visibleOptions(command).map((option) => ({
      flags: toFlags(option),
      about: option.description,
      takesValue: option.required || option.optional,
      values: option.argChoices ?? [],
    })),
  };
  return [place, ...children.flatMap((child) => toPlaces(child, `${path} ${child.name()}`))];
}

function toFlags({ short, long }: Option): string[] {
  return [short, long].filter((flag) => flag !== undefined);
}

/** Branches of a `case` of sh: what to do for the value of an option, by its place and its flag. */
function toValueCases(places: readonly Place[], toBody: (values: readonly string[]) => string): string {
  const cases = places.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ flags, values }) => ({
        patterns: flags.map((flag) => quote(`${path} ${flag}`)),
        body: toBody(values),
      })),
  );
  return [...Map.groupBy(cases, ({ body }) => body)]
    .map(([body, same]) => `    ${same.flatMap(({ patterns }) => patterns).join(' | ')}) ${body} ;;\n`)
    .join('');
}

function toPathPatterns(places: readonly Place[]): string {
  return places
    .filter(({ path }) => path !== '')
    .map(({ path }) => quote(path))
    .join(' | ');
}

function toBash(places: readonly Place[]): string {
  const words = ({ words, options }: Place) =>
    [...words.map(({ text }) => text), ...options.flatMap(({ flags }) => flags)].join(' ');
  return `# bash completion of bellows; made by: bellows completion bash
_bellows() {
  local word=\${COMP_WORDS[COMP_CWORD]} place= words i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$place \${COMP_WORDS[i]}" in
      ${toPathPatterns(places)}) place="$place \${COMP_WORDS[i]}" ;;
    esac
  done
  COMPREPLY=()
  case "$place \${COMP_WORDS[COMP_CWORD - 1]}" in
${toValueCases(places, (values) => (values.length === 0 ? 'return' : `COMPREPLY=($(compgen -W ${quote(values.join(' '))} -- "$word")); return`))}  esac
  case "$place" in
${places.map((place) => `    ${quote(place.path)}) words=${quote(words(place))} ;;\n`).join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _bellows bellows
`;
}

function toZsh(places: readonly Place[]): string {
  const list = (name: string, rows: { text: string; about: string }[]) =>
    `${name}=(${rows.map(({ text, about }) => quote(`${text.replaceAll(':', '\\:')}:${about}`)).join(' ')})`;
  const body = ({ words, options }: Place) => {
    const flags = options.flatMap(({ flags, about }) => flags.map((text) => ({ text, about })));
    return `${list('names', words)} ${list('flags', flags)}`;
  };
  return `#compdef bellows
# zsh completion of bellows; made by: bellows completion zsh
_bellows() {
  local place= i
  local -a names flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$place \${words[i]}" in
      ${toPathPatterns(places)}) place="$place \${words[i]}" ;;
    esac
  done
  case "$place \${words[CURRENT - 1]}" in
${toValueCases(places, (values) => (values.length === 0 ? '_files; return' : `compadd -- ${values.map(quote).join(' ')}; return`))}  esac
  case "$place" in
${places.map((place) => `    ${quote(place.path)}) ${body(place)} ;;\n`).join('')}  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option flags
  elif (( $#names )); then
    _describe command names
  else
    _files
  fi
}
compdef _bellows bellows
`;
}

function toFish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words, options }) => {
    const at = `complete -c bellows -n ${quoteFish(`test (__bellows_place) = ${quoteFish(path)}`)}`;
    return [
      ...words.map(({ text, about }) => `${at} -f -a ${quoteFish(text)} -d ${quoteFish(about)}`),
      ...options.map(({ flags, about, takesValue, values }) => {
        const names = flags.map((flag) =>
          flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
        );
        const value = !takesValue
          ? ''
          : values.length === 0
            ? ' -r'
            : ` -x -a ${quoteFish(values.join(' '))}`;
        return `${at} ${names.join(' ')}${value} -d ${quoteFish(about)}`;
      }),
    ];
  });
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quoteFish(path));
  return `# fish completion of bellows; made by: bellows completion fish
function __bellows_place
  set -l place ''
  for word in (commandline -opc)[2..]
    contains -- "$place $word" ${paths.join(' ')}; and set place "$place $word"
  end
  echo "$place"
end
${lines.join('\n')}
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function quoteFish(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
