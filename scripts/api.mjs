// Compares the public types of each entry point with the record in etc/.
//
//     npm run api:check    fails if they differ
//     npm run api          writes the record anew
import { mkdirSync } from 'node:fs';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const entries = {
  'rx-nemesisdb': 'index',
  'rx-nemesisdb-server': 'server/index',
  'rx-nemesisdb-server-redis': 'server/store/redis/index',
  'rx-nemesisdb-testing': 'testing/index',
};
const write = process.argv.includes('--write');
const root = process.cwd();
mkdirSync(`${root}/etc`, { recursive: true });

for (const [name, entry] of Object.entries(entries)) {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: `${root}/dist/${entry}.d.ts`,
      compiler: { tsconfigFilePath: `${root}/tsconfig.build.json` },
      apiReport: {
        enabled: true,
        reportFolder: `${root}/etc`,
        reportTempFolder: `${root}/node_modules/.cache/api`,
        reportFileName: name,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: 'none' },
          'ae-forgotten-export': { logLevel: 'none', addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: `${root}/package.json`,
  });
  const { apiReportChanged } = Extractor.invoke(config, { localBuild: write, showVerboseMessages: false });
  if (!apiReportChanged || write) continue;
  console.error(`The public types of ${name} differ from etc/${name}.api.md. If that is meant, run \`npm run api\`.`);
  process.exitCode = 1;
}
