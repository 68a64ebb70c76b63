/** Holds connections open that say nothing, in a process of their own: both ends together need more files than one may have. */
import { connect, type Socket } from 'node:net';

const [port = '', count = '0'] = process.argv.slice(2);
const sockets: Socket[] = [];
let gone = 0;

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', resolve);
    socket.once('error', reject);
    socket.once('close', () => {
      if (++gone === sockets.length) process.send?.('all gone');
    });
    sockets.push(socket.resume());
  });
}

// Some hundred at a time: the system's own line for those that wait to be taken is not longer.
for (let opened = 0; opened < Number(count); opened += 200) {
  await Promise.all(Array.from({ length: Math.min(200, Number(count) - opened) }, open));
}
process.send?.('all open');
