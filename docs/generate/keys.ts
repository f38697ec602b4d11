const sources = ['services/core/queue/keys.ts', 'services/core/access/keys.ts'];

/** The tables of writers that stand above the code which names the keys. */
export function toKeysPage(read: (file: string) => string): string {
  const sections = sources.map((file) => {
    const table = /\/\*\*?\n(?<table>(?: \*.*\n)+?) \*\//.exec(read(file))?.groups?.table;
    if (table === undefined) throw new Error(`${file} has no comment with the table of writers`);
    return `## \`${file}\`\n\n\`\`\`\n${table.replace(/^ \* ?/gm, '').trimEnd()}\n\`\`\`\n`;
  });
  return `<!-- Made by npm run docs. -->\n\n# Redis keys\n\nOne writer for each key.\n\n${sections.join('\n')}`;
}
