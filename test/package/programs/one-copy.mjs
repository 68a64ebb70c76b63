// A program of both kinds: each class exists once, however it is loaded.
import { createRequire } from 'node:module';
import * as imported from 'rx-nemesisdb';
import * as importedServer from 'rx-nemesisdb/server';
import { Observable } from 'rxjs';

const require = createRequire(import.meta.url);
const required = require('rx-nemesisdb');
console.log(
  imported.NdbClient === required.NdbClient,
  imported.NdbError === required.NdbError,
  importedServer.NdbServer === require('rx-nemesisdb/server').NdbServer,
  new required.NdbClient().sv_info() instanceof Observable,
  new imported.NdbClient().sv_info() instanceof require('rxjs').Observable,
);
