/**
 * A dashboard of live sessions, with an embedded server and simulated shoppers.
 *
 *     npm run dashboard
 *     npm run dashboard -- --port 8080 --shoppers 2000 --no-open
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { startDashboard } from './server.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '1990' },
    shoppers: { type: 'string', default: '300' },
    'no-open': { type: 'boolean', default: false },
  },
});

const dashboard = await startDashboard({ port: Number(values.port), shoppers: Number(values.shoppers) });
console.log(`The dashboard is at ${dashboard.url} and its database at ${dashboard.databaseUrl}. Press Ctrl+C to stop.`);
if (!values['no-open']) openBrowser(dashboard.url);

process.once('SIGINT', () => void dashboard.close().then(() => process.exit()));

/** Opens a page with the platform's own command. If there is none, the printed address has to do. */
function openBrowser(url: string): void {
  const commands: Partial<Record<NodeJS.Platform, string>> = { darwin: 'open', win32: 'explorer' };
  const command = commands[process.platform] ?? 'xdg-open';
  spawn(command, [url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
