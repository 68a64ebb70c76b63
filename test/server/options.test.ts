import { NdbServer, type NdbServerOptions } from 'rx-nemesisdb/server';
import { expect, test } from 'vitest';
import { ValueError } from '../../src/errors.js';

test.each<[string, unknown, string]>([
  ['prot', { prot: 5 }, 'has no option "prot"; it takes host'],
  ['port', { port: 70_000 }, 'from 0 to 65535'],
  ['allowOrigin', { allowOrigin: 5 }, 'an origin such as https://app.example'],
  ['allowOrigin', { allowOrigin: 'nonsense' }, 'an origin such as https://app.example'],
  ['allowOrigin', { allowOrigin: ['https://app.example/'] }, 'an origin such as https://app.example'],
  ['persist', { persist: true }, 'the path of a folder'],
])('an option that can not be right is refused by its name: %s', async (parameter, options, message) => {
  const listening = NdbServer.listen(options as NdbServerOptions);
  await expect(listening).rejects.toBeInstanceOf(ValueError);
  await expect(listening).rejects.toMatchObject({ parameter, message: expect.stringContaining(message) });
});
