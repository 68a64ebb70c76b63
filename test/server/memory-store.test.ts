import { MemoryStore } from 'rx-nemesisdb/server';
import { slowStore } from './support/slow-store.js';
import { storeContract } from './support/store-contract.js';

storeContract('The memory store', async () => new MemoryStore());
storeContract('A store that answers later', async () => slowStore(new MemoryStore()));
