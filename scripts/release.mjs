// Prepares a release, all but publishing: npm run release -- 1.2.3
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const [version] = process.argv.slice(2);
const run = (command, ...args) => execFileSync(command, args, { stdio: 'inherit' });
const read = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' }).trim();

function fail(reason) {
  console.error(reason);
  process.exit(1);
}

if (!/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/.test(version ?? '')) fail('Name the version: npm run release -- 1.2.3');
if (read('git', 'status', '--porcelain') !== '') fail('Commit or stash first: the work tree is not clean.');
if (read('git', 'tag', '--list', `v${version}`) !== '') fail(`There is a tag v${version} already.`);

const unreleased = /^## \[Unreleased\]\n([\s\S]*?)(?=^## |(?![\s\S]))/m;
const changelog = readFileSync('CHANGELOG.md', 'utf8');
const [, changes = ''] = unreleased.exec(changelog) ?? [];
if (changes.trim() === '') fail('CHANGELOG.md says nothing under [Unreleased].');

for (const script of ['lint', 'typecheck', 'test', 'api:check', 'size', 'test:package']) run('npm', 'run', script);

const date = new Date().toISOString().slice(0, 10);
writeFileSync(
  'CHANGELOG.md',
  changelog.replace(unreleased, `## [Unreleased]\n\n## [${version}] - ${date}\n${changes}`),
);
run('npm', 'version', version, '--no-git-tag-version', '--allow-same-version');
run('git', 'commit', '--all', '--message', `chore: release ${version}`);
run('git', 'tag', '--annotate', `v${version}`, '--message', `Version ${version}`);
run('npm', 'run', 'build');
const tarball = read('npm', 'pack', '--ignore-scripts', '--silent');

console.log(`
Version ${version} is committed, tagged and packed. Look at it, then:

    git push --follow-tags
    npm publish ${tarball}
`);
