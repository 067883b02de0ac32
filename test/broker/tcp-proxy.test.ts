// The proxy does to connections what it says: the chaos tests rest on it.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { TcpProxy } from './tcp-proxy';

/** A proxy in front of a server that keeps what it gets, and echoes it. */
async function proxyAndServer() {
  const accepted: Socket[] = [];
  let received = '';
  const server = createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received += chunk;
      socket.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await TcpProxy.start((server.address() as AddressInfo).port);
  onTestFinished(async () => {
    await proxy.close();
    for (const socket of accepted) socket.destroy();
    server.close();
  });
  return { proxy, accepted, received: () => received };
}

async function openClient(proxy: TcpProxy) {
  const socket = connect(proxy.port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let echoed = '';
  let ended = false;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    echoed += chunk;
  });
  socket.on('close', () => {
    ended = true;
  });
  await once(socket, 'connect');
  return { socket, echoed: () => echoed, ended: () => ended };
}

it('passes bytes on in both directions, in order', async () => {
  const { proxy } = await proxyAndServer();
  const client = await openClient(proxy);
  const text = Array.from({ length: 200_000 }, (_, i) => `${i},`).join('');
  client.socket.write(text);
  await expect.poll(() => client.echoed().length, { timeout: 10_000 }).toBe(text.length);
  expect(client.echoed()).toBe(text);
});

it('passes on the end of either side, after what was sent before it', async () => {
  const { proxy, accepted, received } = await proxyAndServer();
  const first = await openClient(proxy);
  first.socket.end('last words');
  await expect.poll(received).toBe('last words');
  const second = await openClient(proxy);
  await expect.poll(() => accepted.length).toBe(2);
  accepted[1].end('goodbye');
  await expect.poll(second.ended).toBe(true);
  expect(second.echoed()).toBe('goodbye');
  await expect.poll(() => proxy.connections).toBe(0);
});

it('cuts connections on both sides, and takes new ones', async () => {
  const { proxy, accepted } = await proxyAndServer();
  const client = await openClient(proxy);
  await expect.poll(() => accepted.length).toBe(1);
  proxy.cut();
  await expect.poll(() => client.ended() && accepted[0].destroyed).toBe(true);
  const next = await openClient(proxy);
  next.socket.write('again');
  await expect.poll(next.echoed).toBe('again');
});

it('leaves a client with a connection that nobody is at the other end of', async () => {
  const { proxy, accepted, received } = await proxyAndServer();
  const client = await openClient(proxy);
  await expect.poll(() => accepted.length).toBe(1);
  proxy.leaveHalfOpen();
  await expect.poll(() => accepted[0].destroyed).toBe(true);
  client.socket.write('into the void');
  await sleep(200);
  expect(client.ended()).toBe(false);
  expect(received()).toBe('');
  const next = await openClient(proxy);
  next.socket.write('answered');
  await expect.poll(next.echoed).toBe('answered');
});

it('holds bytes back and delivers them late, even those of a client that has gone', async () => {
  const { proxy, received } = await proxyAndServer();
  const stays = await openClient(proxy);
  proxy.stall();
  stays.socket.write('stayed;');
  const comes = await openClient(proxy);
  comes.socket.write('came;');
  await sleep(200);
  expect(received()).toBe('');
  const goes = await openClient(proxy);
  goes.socket.end('gone;');
  await sleep(50);
  proxy.resume();
  await expect.poll(() => received().split(';').sort().join(';')).toBe(';came;gone;stayed');
  await expect.poll(() => stays.echoed()).toBe('stayed;');
});

it('delays bytes in each direction and keeps their order when the delay goes', async () => {
  const { proxy } = await proxyAndServer();
  const client = await openClient(proxy);
  proxy.delayBy(150);
  const started = performance.now();
  client.socket.write('slow,');
  await expect.poll(client.echoed).toBe('slow,');
  expect(performance.now() - started).toBeGreaterThan(290);
  client.socket.write('late,');
  await sleep(20);
  proxy.delayBy(0);
  client.socket.write('quick');
  await expect.poll(client.echoed).toBe('slow,late,quick');
});
