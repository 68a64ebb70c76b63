/**
 * Serves `page.ts` to a browser, with an embedded server for it to talk to. Runs until it is interrupted.
 *
 *     npx tsx examples/browser/serve.ts
 */
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { NdbServer } from 'rx-nemesisdb/server';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const bundle = await build({
  entryPoints: [here('page.ts')],
  tsconfig: here('../../tsconfig.browser.json'),
  bundle: true,
  format: 'esm',
  write: false,
});

const page = `<!doctype html>
<meta charset="utf-8">
<title>rx-nemesisdb</title>
<style>body { font: 16px system-ui; max-width: 32rem; margin: 3rem auto } dt { color: #667; } dd { margin: 0 0 .8rem; min-height: 1.2em } #warning { color: #b00; font-weight: 600 }</style>
<h1>A session of ten seconds</h1>
<dl>
  <dt>Connection</dt><dd id="connection"></dd>
  <dt>Session</dt><dd id="state"></dd>
  <dt>Time left</dt><dd id="remaining"></dd>
  <dt>Warning</dt><dd id="warning"></dd>
</dl>
<button id="stay">I am still here</button>
<pre id="events"></pre>
<script type="module">${bundle.outputFiles[0]?.text.replaceAll('</script', '<\\/script')}</script>`;

const web = createServer((_request, response) =>
  response.setHeader('content-type', 'text/html; charset=utf-8').end(page),
);
web.listen(0, '127.0.0.1', async () => {
  const address = web.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : ''}`;
  const server = await NdbServer.listen({ allowOrigin: origin });
  console.log(`${origin}/?url=${encodeURIComponent(server.url)}`);
});
