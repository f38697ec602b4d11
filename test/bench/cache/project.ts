import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const manifest = (name: string, dependencies: readonly string[]) =>
  [
    '[package]',
    `name = "bench-${name}"`,
    'version = "0.1.0"',
    'edition = "2021"',
    '[dependencies]',
    ...dependencies,
    '',
  ].join('\n');

const own = (name: string) => `bench-${name} = { path = "../${name}" }`;

/** As much code as a small service has: a struct for each thing, read and written as JSON. */
const records = (count: number, word: string) =>
  Array.from(
    { length: count },
    (_, i) => `
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ${word}${i} { pub id: u64, pub name: String, pub tags: Vec<String>, pub at: Option<String>, pub size: f64 }
impl ${word}${i} {
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> { serde_json::from_str(text) }
    pub fn text(&self) -> String { format!("{}-{}-{}", self.id, self.name, self.tags.join("+")) }
}`,
  ).join('\n');

const lockFile = join(import.meta.dirname, 'Cargo.lock');

/**
 * A workspace of a service, its command line and three libraries, with packages of crates.io by version: 200 units
 * and more.
 *
 * @param line of the library that all others use
 */
export function toProject(line: string): Record<string, string> {
  return {
    'Cargo.toml': '[workspace]\nresolver = "2"\nmembers = ["core", "store", "proto", "server", "cli"]\n',
    'Cargo.lock': readFileSync(lockFile, 'utf8'),
    '.bellows.yaml': JSON.stringify({
      steps: [{ name: 'build', commands: ['cargo build --locked --quiet --message-format=json'] }],
    }),
    'core/Cargo.toml': manifest('core', [
      'serde = { version = "1", features = ["derive"] }',
      'serde_json = "1"',
      'regex = "1"',
      'chrono = { version = "0.4", features = ["serde"] }',
    ]),
    'core/src/lib.rs': `mod records;\npub use records::*;\npub fn name() -> &'static str { ${JSON.stringify(line)} }\n`,
    'core/src/records.rs': records(60, 'Record'),
    'store/Cargo.toml': manifest('store', [
      own('core'),
      'serde = { version = "1", features = ["derive"] }',
      'serde_json = "1"',
      'sha2 = "0.10"',
      'flate2 = "1"',
      'zip = { version = "2", default-features = false, features = ["deflate"] }',
    ]),
    'store/src/lib.rs': `${records(30, 'Blob')}\npub fn name() -> &'static str { bench_core::name() }\n`,
    'proto/Cargo.toml': manifest('proto', [
      own('core'),
      'serde = { version = "1", features = ["derive"] }',
      'serde_json = "1"',
      'prost = "0.13"',
      'rmp-serde = "1"',
    ]),
    'proto/src/lib.rs': `${records(30, 'Message')}\npub fn name() -> &'static str { bench_core::name() }\n`,
    'server/Cargo.toml': manifest('server', [
      own('core'),
      own('store'),
      own('proto'),
      'axum = "0.8"',
      'tokio = { version = "1", features = ["full"] }',
      'tower-http = { version = "0.6", features = ["full"] }',
      'reqwest = { version = "0.12", default-features = false, features = ["json"] }',
    ]),
    'server/src/main.rs':
      '#[tokio::main]\nasync fn main() {\n    let _app: axum::Router = axum::Router::new();\n    println!("{} {} {}", bench_core::name(), bench_store::name(), bench_proto::name());\n}\n',
    'cli/Cargo.toml': manifest('cli', [
      own('core'),
      own('store'),
      'clap = { version = "4", features = ["derive"] }',
      'ratatui = "0.29"',
    ]),
    'cli/src/main.rs':
      '#[derive(clap::Parser)]\nstruct Options { name: Option<String> }\nfn main() {\n    let options = <Options as clap::Parser>::parse();\n    println!("{:?} {} {}", options.name, bench_core::name(), bench_store::name());\n}\n',
  };
}
